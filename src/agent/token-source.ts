import { readFile } from 'node:fs/promises';
import { OrreryError } from '@orrery/sdk';
import { onHost } from './host-error.js';

/** Where an agent's bearer token comes from. */
export interface TokenSource {
  /** The token to send. */
  current(): string;
  /** Looks for another one, because this one was refused; false when there is none. */
  renew(): Promise<boolean>;
}

/** A token that never changes. */
export function fixedToken(token: string): TokenSource {
  return { current: () => token, renew: async () => false };
}

/**
 * A token in a file, which is read again when the server refuses it: a new one can be put there while the agent runs.
 * @throws HostError when the file cannot be read, OrreryError when it is empty.
 */
export async function tokenFromFile(path: string): Promise<TokenSource> {
  const read = async (): Promise<string> => {
    const token = (await onHost(`read the token file ${path}`, () => readFile(path, 'utf8'))).trim();
    if (token !== '') return token;
    throw new OrreryError(`The token file ${path} is empty.`, { code: 'UNAUTHENTICATED' });
  };
  let token = await read();
  return {
    current: () => token,
    async renew() {
      const before = token;
      token = await read();
      return token !== before;
    },
  };
}
