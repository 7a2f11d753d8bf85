import type { OrreryClient } from './client.js';
import { type Sdk as Generated, getSdk } from './generated/sdk.js';

/** Every operation of the package as a method: queries and mutations answer once, subscriptions go on. */
export type OrrerySdk = Generated;

/**
 * The client with one typed method for each operation. Each takes the operation's variables and, as `signal`, what
 * ends it early. A subscription is an AsyncIterable that resumes by cursor through lost connections and restarts.
 */
export function createSdk(client: OrreryClient): OrrerySdk {
  return getSdk<AbortSignal>((document, variables, signal) => {
    const follows = document.definitions.some((part) => 'operation' in part && part.operation === 'subscription');
    return follows ? client.follow(document, variables, signal) : client.request(document, variables, signal);
  });
}
