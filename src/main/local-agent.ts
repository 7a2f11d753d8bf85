import { readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Agent, createAgent } from '../agent/agent.js';
import { openAgentDirectory } from '../agent/agent-directory.js';
import type { AgentLog } from '../agent/agent-log.js';
import { probe } from '../agent/executors/catalog.js';
import { errorCode } from '../agent/host-error.js';
import type { TokenSource } from '../agent/token-source.js';
import { DEFAULT_PROJECT, SYSTEM } from '../auth/actor.js';
import type { ApiTokens } from '../auth/tokens.js';
import { readProcessEnv } from '../config/process-env.js';
import { SECOND, systemClock } from '../lib/time.js';
import type { Logger } from '../telemetry/logger.js';

/** What the server's own agent needs. */
export interface LocalAgentOptions {
  /** The GraphQL endpoint on loopback. */
  url: string;
  /** The server's data directory. */
  dataDir: string;
  tokens: ApiTokens;
  version: string;
  log: Logger;
}

/** The agent that runs in the server's process for its own host. */
export interface LocalAgent {
  readonly clientKey: string;
  stop(): Promise<void>;
}

/** How long runs may take to end when the server stops: it comes back to them if it is started again soon. */
const GRACE = 5 * SECOND;

/** A token that was made so short a time ago and is refused will not be mended by another. */
const RENEW_INTERVAL = 10 * SECOND;

/** The host's name in the form of a client id. */
export function localClientKey(host: string): string {
  return host.replaceAll(/[^\w.-]/g, '-').slice(0, 255) || 'localhost';
}

async function readToken(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim() || null;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The agent's own token: kept in the data directory, made anew when it is not there or was refused. */
async function ownToken(options: LocalAgentOptions, clientKey: string): Promise<TokenSource> {
  const path = join(options.dataDir, 'agent-token');
  let madeAt = Number.NEGATIVE_INFINITY;
  const make = async (): Promise<string> => {
    const grant = { role: 'AGENT' as const, project: DEFAULT_PROJECT, client: clientKey };
    const { text } = await options.tokens.create(SYSTEM, { name: `local agent of ${clientKey}`, ...grant });
    await writeFile(`${path}.new`, `${text}\n`, { mode: 0o600 });
    await rename(`${path}.new`, path);
    madeAt = systemClock.now();
    return text;
  };
  let token = (await readToken(path)) ?? (await make());
  return {
    current: () => token,
    async renew() {
      if (systemClock.now() - madeAt < RENEW_INTERVAL) return false;
      token = await make();
      return true;
    },
  };
}

async function begin(options: LocalAgentOptions, clientKey: string, log: AgentLog): Promise<Agent> {
  const { url, dataDir, version } = options;
  const host = hostname();
  const env = readProcessEnv();
  const [tokens, catalog] = await Promise.all([ownToken(options, clientKey), probe({ env, allowExec: false })]);
  for (const { executor, available, reason } of catalog.capabilities) {
    if (!available && executor === 'tar') log('warn', `The local agent has no executor "tar": ${reason}.`);
  }
  const directory = await openAgentDirectory(join(dataDir, 'agent'), clientKey, host);
  return createAgent({ url, tokens, clientId: clientKey, hostname: host, version, directory, catalog, env, log });
}

/**
 * Starts the agent of the embedded default: it speaks the public API over loopback, runs no commands, and leaves the
 * event loop to the server, for children do its work. The server does not wait for it; what hinders it is logged.
 */
export function startLocalAgent(options: LocalAgentOptions): LocalAgent {
  const clientKey = localClientKey(hostname());
  const logger = options.log.child({ part: 'local agent' });
  const beginning = begin(options, clientKey, (level, message) => logger[level](message));
  beginning
    .then((agent) => agent.ended)
    .catch((error: unknown) => logger.error({ error }, 'the local agent has ended: jobs of this host wait'));
  return {
    clientKey,
    stop: async () => {
      const agent = await beginning.catch(() => null);
      await agent?.stop('The server was stopped, and its local agent with it.', GRACE).catch(() => undefined);
    },
  };
}
