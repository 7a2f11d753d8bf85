import type { Config } from '../config/config.js';
import { ExpectedError } from '../lib/errors.js';
import { SECOND, systemClock } from '../lib/time.js';
import { Health, type PartState } from '../telemetry/health.js';
import { createLogger, type Logger } from '../telemetry/logger.js';
import { Metrics } from '../telemetry/metrics.js';
import { type Api, startApi } from './api.js';
import { Closing } from './closing.js';
import { type Flags, readConfiguration } from './configuration.js';
import { type DataDirectory, openDataDirectory } from './data-directory.js';
import { createDomain, type Domain, type Identity, type SchedulerTrial, type Telemetry } from './domain.js';
import { tuneHeap } from './heap.js';
import { startLocalAgent } from './local-agent.js';
import { keepPresence } from './presence.js';
import { takeReportsFromQueue } from './report-queue.js';
import { defaultServiceName, provideFirstLogin } from './rights.js';
import { startupMessage } from './startup-message.js';
import { openStores, type Stores } from './stores.js';

/** A server that runs in this process. */
export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /** What to tell the person who started it. */
  readonly message: string;
  /** Hands the work over, lets what is under way end, closes every connection. */
  stop(): Promise<void>;
}

/** What `startServer` is given besides the configuration. */
export interface ServeOptions {
  version: string;
  /** Default: JSON lines on standard error. */
  log?: Logger;
  /** Node's own numbers in the metrics; off where several servers share a process. */
  processMetrics?: boolean;
  /** What trials add to the scheduler. */
  scheduler?: SchedulerTrial;
}

function checkRoles(config: Config): void {
  if (!config.stores.embedded || config.server.role === 'all') return;
  const message = `With SQLite one process does everything: role "${config.server.role}" needs MySQL or MariaDB (--database-url).`;
  throw new ExpectedError('UNAVAILABLE', message);
}

function localAgentOf(
  config: Config,
  directory: DataDirectory | null,
  domain: Domain,
  api: Api,
  telemetry: Telemetry,
  version: string,
  closing: Closing,
): string | null {
  if (!config.server.localAgent || directory === null) return null;
  const agent = startLocalAgent({
    url: `http://127.0.0.1:${api.port}/graphql`,
    dataDir: directory.path,
    tokens: domain.rights.tokens,
    version,
    log: telemetry.log,
  });
  closing.beside('local agent', () => agent.stop());
  return agent.clientKey;
}

const STATE_NUMBERS: Readonly<Record<PartState, number>> = { UP: 0, DEGRADED: 1, DOWN: 2 };

async function open(config: Config, options: ServeOptions, closing: Closing): Promise<Omit<RunningServer, 'stop'>> {
  checkRoles(config);
  const identity: Identity = {
    name: config.server.name ?? defaultServiceName(config.server.port),
    version: options.version,
  };
  const log = options.log ?? createLogger({ level: config.telemetry.logLevel, name: identity.name });
  const health = new Health();
  const telemetry: Telemetry = {
    log,
    health,
    metrics: new Metrics({ processMetrics: options.processMetrics ?? true }),
  };
  const states = 'How each part is: 0 = up, 1 = degraded, 2 = down.';
  telemetry.metrics.gauges('orrery_part_state', states, 'part', async () => {
    const { parts } = await health.check();
    return new Map(parts.map(({ name, state }) => [name, STATE_NUMBERS[state]]));
  });
  const ownsDirectory = config.stores.embedded || (config.rights.adminToken === null && config.server.loopback);
  const directory = ownsDirectory ? openDataDirectory(config.server.dataDir) : null;
  if (directory) closing.opened('data directory', () => directory.release());
  const stores: Stores = await openStores(config, health, log);
  closing.opened('stores', () => stores.close());
  const domain = createDomain(config, stores, identity, telemetry, options.scheduler);
  closing.opened('retention', () => domain.retention.stop());
  closing.beside('presence', keepPresence(domain.clients.presence, log));
  const api = await startApi(config, stores, domain, identity, telemetry);
  closing.opened('API', () => api.stop());
  // Closed first, and at once: from now on nothing is taken here, and others are told.
  closing.opened('readiness', () => health.setReady(false));
  if (config.server.role !== 'api') {
    await domain.scheduler.start();
    closing.beside('scheduler', () => domain.scheduler.stop(config.server.shutdownTimeout));
    closing.beside('queue of reports', takeReportsFromQueue(config, stores, domain, identity, telemetry));
  }
  const first = directory ? await provideFirstLogin(domain.rights, stores.db, directory.path) : null;
  directory?.announce({ pid: process.pid, url: api.url, version: options.version, startedAt: systemClock.now() });
  const localAgent = localAgentOf(config, directory, domain, api, telemetry, options.version, closing);
  health.setReady(true);
  const message = startupMessage({
    version: options.version,
    url: api.url,
    login: first ? { link: `${api.url}/login?code=${first.code}`, tokenPath: first.tokenPath } : null,
    database: stores.db.dialect === 'sqlite' ? `${config.server.dataDir}/orrery.sqlite` : 'MySQL',
    localAgent,
  });
  return { url: api.url, port: api.port, message };
}

/** Starts a server in this process. Throws in one clear line when it cannot: what was opened is closed again. */
export async function startServer(config: Config, options: ServeOptions): Promise<RunningServer> {
  const closing = new Closing();
  const log = options.log ?? createLogger({ level: config.telemetry.logLevel });
  const stop = (): Promise<void> => closing.all(log, config.server.shutdownTimeout);
  try {
    return { ...(await open(config, options, closing)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a shell says of a process that a signal ended. */
const AFTER_SIGNAL: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * Waits for the first SIGTERM or SIGINT; the second one ends the process at once, wherever it is: what is not committed
 * is undone by the database, and leases end by themselves.
 */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let first = true;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (!first) process.exit(AFTER_SIGNAL[signal]);
      first = false;
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/** How long what nobody closed may hold the process open after an orderly end, in milliseconds. */
const LAST = 2 * SECOND;

/** `orrery serve`: runs until a signal; `say` gets the lines for the person who started it. */
export async function serve(
  flags: Flags,
  version: string,
  say: (text: string) => void,
  trial: Pick<ServeOptions, 'scheduler'> = {},
): Promise<void> {
  tuneHeap();
  const config = await readConfiguration(flags);
  const server = await startServer(config, { version, ...trial });
  const stopped = stopSignal();
  say(server.message);
  const signal = await stopped;
  say(`\n${signal}: handing over and stopping ... (again to stop at once)\n`);
  await server.stop();
  setTimeout(() => process.exit(0), LAST).unref();
}
