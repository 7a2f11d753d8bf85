import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOrreryClient, type OrreryClient } from '@orrery/sdk';
import { CliFailure, EXIT } from './failure.js';
import type { Terminal } from './terminal.js';

/** Where the server is and who calls, as the command line says it. */
export interface ConnectionOptions {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly dataDir: string;
}

/** The address and the token a command works with. */
export interface Connection {
  readonly url: string;
  readonly token: string | null;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new CliFailure(
      `The token file ${path} cannot be read: ${error instanceof Error ? error.message : error}`,
      EXIT.DENIED,
    );
  }
}

/** The address that the server of this data directory announced, or null when none runs. */
function localUrl(dataDir: string): string | null {
  try {
    const { url } = JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')) as { url: string };
    return url;
  } catch {
    return null;
  }
}

function tokenOf(options: ConnectionOptions): string | null {
  if (options.token) return options.token;
  if (options.tokenFile) return readText(options.tokenFile);
  const local = join(options.dataDir, 'admin-token');
  return existsSync(local) ? readText(local) : null;
}

/**
 * Finds the server: what the command line or the environment names, else the one that runs from the data directory.
 * The local admin token is used for the local server alone: it is never sent to an address named on the command line.
 */
export function findServer(options: ConnectionOptions): Connection {
  if (options.url) {
    const token = options.token ?? (options.tokenFile ? readText(options.tokenFile) : null);
    return { url: endpoint(options.url), token };
  }
  const url = localUrl(options.dataDir);
  if (!url) {
    throw new CliFailure(
      `No server runs from ${options.dataDir}. Start one with "npm start", or name one with --url (or ORRERY_URL).`,
      EXIT.UNREACHABLE,
    );
  }
  return { url: endpoint(url), token: tokenOf(options) };
}

/** `http://host:4000` -> `http://host:4000/graphql`. Throws CliFailure for what is no HTTP address. */
export function endpoint(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new CliFailure(`"${url}" is not the address of a server: it looks like http://127.0.0.1:4000.`, EXIT.USAGE);
  }
  const parsed = new URL(url);
  if (parsed.pathname === '/') parsed.pathname = '/graphql';
  return parsed.href;
}

/** A client for the server found, which tells on standard error when a stream is cut and goes on. */
export function connectTo(connection: Connection, terminal: Terminal): OrreryClient {
  let lost = false;
  return createOrreryClient({
    url: connection.url,
    token: () => connection.token,
    onConnection: (state) => {
      if (state.kind === 'LOST' && !lost) terminal.err(`Connection lost (${state.reason}); trying again ...\n`);
      if (state.kind === 'CONNECTED' && lost) terminal.err('Connected again; nothing was missed.\n');
      lost = state.kind === 'LOST';
    },
  });
}
