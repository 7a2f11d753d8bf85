import type { Config } from '../config/config.js';
import { ExpectedError } from '../lib/errors.js';
import { systemClock } from '../lib/time.js';
import type { SchedulerOptions } from '../scheduler/options.js';
import { Health } from '../telemetry/health.js';
import { createLogger, type Logger } from '../telemetry/logger.js';
import { Metrics } from '../telemetry/metrics.js';
import { type Api, startApi } from './api.js';
import { type Flags, readConfiguration } from './configuration.js';
import { type DataDirectory, openDataDirectory } from './data-directory.js';
import { createDomain, type Domain, type Identity, type Telemetry } from './domain.js';
import { boundHeapGrowth } from './heap.js';
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
  scheduler?: Pick<SchedulerOptions, 'at'>;
}

/** What is open, in the order it is to be closed in. */
type Closing = (() => Promise<void> | void)[];

async function closeAll(closing: Closing): Promise<void> {
  for (const close of closing.reverse()) await close();
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
  closing.push(() => agent.stop());
  return agent.clientKey;
}

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
  const ownsDirectory = config.stores.embedded || (config.rights.adminToken === null && config.server.loopback);
  const directory = ownsDirectory ? openDataDirectory(config.server.dataDir) : null;
  if (directory) closing.push(() => directory.release());
  const stores: Stores = await openStores(config, health, log);
  closing.push(() => stores.close());
  const domain = createDomain(config, stores, identity, telemetry, options.scheduler);
  closing.push(() => domain.retention.stop());
  closing.push(keepPresence(domain.clients.presence, log));
  const api = await startApi(config, stores, domain, identity, telemetry);
  closing.push(() => api.stop());
  if (config.server.role !== 'api') {
    await domain.scheduler.start();
    closing.push(() => domain.scheduler.stop(config.server.shutdownTimeout));
    closing.push(takeReportsFromQueue(config, stores, domain, identity, telemetry));
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
  const closing: Closing = [];
  try {
    const running = await open(config, options, closing);
    return { ...running, stop: () => closeAll(closing) };
  } catch (error) {
    await closeAll(closing);
    throw error;
  }
}

/** Waits for the first SIGTERM or SIGINT; the second one ends the process at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let first = true;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (!first) process.exit(130);
      first = false;
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/** `orrery serve`: runs until a signal; `say` gets the lines for the person who started it. */
export async function serve(flags: Flags, version: string, say: (text: string) => void): Promise<void> {
  boundHeapGrowth();
  const config = await readConfiguration(flags);
  const server = await startServer(config, { version });
  const stopped = stopSignal();
  say(server.message);
  const signal = await stopped;
  say(`\n${signal}: handing over and stopping ... (again to stop at once)\n`);
  await server.stop();
}
