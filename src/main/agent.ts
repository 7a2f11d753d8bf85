import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { OrreryError } from '@orrery/sdk';
import { type Agent, createAgent, DEFAULT_GRACE } from '../agent/agent.js';
import { openAgentDirectory } from '../agent/agent-directory.js';
import type { AgentLog } from '../agent/agent-log.js';
import { probe } from '../agent/executors/catalog.js';
import { fixedToken, type TokenSource, tokenFromFile } from '../agent/token-source.js';
import { readProcessEnv } from '../config/process-env.js';
import { InvalidInputError } from '../lib/errors.js';
import { SECOND } from '../lib/time.js';

/** What `orrery agent` is asked to do. */
export interface AgentFlags {
  clientId: string;
  /** The server's GraphQL endpoint. */
  server: string;
  /** The file of the bearer token; read again when the server refuses it. */
  tokenFile?: string;
  /** The token itself, where it is in no file. */
  token?: string;
  /** `exec`: jobs may run commands. */
  allow?: readonly string[];
  /** Default: a directory for the client in the user's home. */
  dataDir?: string;
  /** The name of this host, in lists and in backups. Default: the system's. */
  name?: string;
  project?: string;
  /** Runs at once. */
  maxRuns?: number;
  /** Seconds that runs have to end in at a stop. */
  grace?: number;
  /** Where freezer-agent is; by default it is looked for on the PATH. */
  freezerAgent?: string;
}

/** The directory of a client's agent where none is named. */
function defaultAgentDirectory(clientId: string): string {
  return join(homedir(), '.orrery', `agent-${clientId}`);
}

const CLIENT_ID = /^[\w.-]{1,255}$/;

function check(flags: AgentFlags): void {
  const refuse = (path: string, message: string): never => {
    throw new InvalidInputError([{ path: [path], message }]);
  };
  if (!CLIENT_ID.test(flags.clientId)) {
    refuse('client-id', `"${flags.clientId}" is no client id: 1 to 255 letters, digits, "_", "." or "-".`);
  }
  const odd = flags.allow?.find((what) => what !== 'exec');
  if (odd !== undefined) refuse('allow', `"${odd}" cannot be allowed; "exec" can (--allow exec).`);
}

async function tokenOf({ clientId, tokenFile, token }: AgentFlags): Promise<TokenSource> {
  if (tokenFile !== undefined) return tokenFromFile(tokenFile);
  if (token !== undefined) return fixedToken(token);
  const how = `orrery token create ${clientId} --role agent --client ${clientId}`;
  throw new OrreryError(`There is no token: "${how}" makes one.`, { code: 'UNAUTHENTICATED' });
}

/** The agent that the flags describe, at work. */
async function startAgent(flags: AgentFlags, version: string, log: AgentLog): Promise<Agent> {
  check(flags);
  const { clientId, server, project, maxRuns, freezerAgent } = flags;
  const tokens = await tokenOf(flags);
  const env = readProcessEnv();
  const name = flags.name ?? hostname();
  const catalog = await probe({
    env,
    allowExec: flags.allow?.includes('exec') ?? false,
    ...(freezerAgent === undefined ? {} : { freezerCommand: freezerAgent }),
    ...(flags.name === undefined ? {} : { hostname: flags.name }),
  });
  for (const { executor, available, version: tool, reason } of catalog.capabilities) {
    log('info', available ? `Executor ${executor}${tool ? ` (${tool})` : ''}.` : `No executor ${executor}: ${reason}.`);
  }
  const directory = await openAgentDirectory(flags.dataDir ?? defaultAgentDirectory(clientId), clientId, name);
  return createAgent({
    url: server,
    tokens,
    clientId,
    hostname: name,
    version,
    directory,
    catalog,
    env,
    log,
    ...(project === undefined ? {} : { project }),
    ...(maxRuns === undefined ? {} : { mostRuns: maxRuns }),
  });
}

/** What stops an agent. */
export interface StopSignals {
  /** Told each time the user or the system asks for the end. */
  on(listener: (count: number) => void): void;
}

/** The signals of this process: the first stops in order, the second at once, the third ends the process. */
const processSignals: StopSignals = {
  on(listener) {
    let count = 0;
    const onSignal = (): void => {
      count += 1;
      if (count > 2) process.exit(130);
      listener(count);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  },
};

/**
 * `orrery agent`: works until it is told to stop; lines for people go to `say`.
 * @throws ExpectedError, OrreryError, RefusedError: one clear line that says what to do.
 */
export async function runAgent(
  flags: AgentFlags,
  version: string,
  say: (line: string) => void,
  signals: StopSignals = processSignals,
): Promise<void> {
  const log: AgentLog = (level, message) => say(`${new Date().toISOString()} ${level.padEnd(5)} ${message}`);
  const agent = await startAgent(flags, version, log);
  const grace = flags.grace ?? DEFAULT_GRACE / SECOND;
  signals.on((count) => {
    log(
      'info',
      count === 1 ? `Stopping: runs have ${grace} s to end (again to end them at once).` : 'Ending all runs.',
    );
    agent.stop('Its agent was stopped.', count === 1 ? grace * SECOND : 0).catch(() => undefined);
  });
  await agent.ended;
  log('info', 'Stopped.');
}
