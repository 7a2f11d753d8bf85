import { MIGRATIONS } from '../../migrations/all.js';
import type { Config } from '../config/config.js';
import { type Database, openDatabase } from '../db/database.js';
import { migrateUp, migrationState, refuseNewer } from '../db/migrate.js';
import type { Doorbell } from '../events/doorbell/doorbell.js';
import { inProcessDoorbell } from '../events/doorbell/in-process.js';
import { pollingDoorbell } from '../events/doorbell/polling.js';
import { redisDoorbell } from '../events/doorbell/redis.js';
import { type EventLog, openEventLog } from '../events/event-log.js';
import { ExpectedError } from '../lib/errors.js';
import { SECOND } from '../lib/time.js';
import type { Health } from '../telemetry/health.js';
import type { Logger } from '../telemetry/logger.js';
import { probeDisk } from './disk-health.js';

/**
 * Connections to MySQL for the process's own work, besides those for its clients: however many of these wait for theirs,
 * leases are renewed, due work is fired and events are numbered. More than the shards that fire at once: a renewal that
 * waited behind slow batches would lose the leases.
 */
const OWN_CONNECTIONS = 8;

/** The connections of this process. */
export interface Stores {
  /** For what clients ask. */
  db: Database;
  /** For what the process does by itself. With SQLite the same. */
  own: Database;
  doorbell: Doorbell;
  log: EventLog;
  close(): Promise<void>;
}

/** The URL without its password, for people. */
function shown(url: string): string {
  return url.replace(/:\/\/[^@/]*@/, '://');
}

/** Opens the database. Throws ExpectedError UNAVAILABLE, in one line, when it cannot be reached. */
export async function openConfiguredDatabase(
  config: Config,
  limits: { poolSize?: number; statementLimit?: number } = {},
): Promise<Database> {
  const { databaseUrl: url } = config.stores;
  try {
    return await openDatabase({ url, poolSize: config.stores.databasePool, ...limits }, MIGRATIONS);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = `Check ORRERY_DATABASE_URL${config.stores.embedded ? ' and that the file may be written' : ' and that the server runs'}.`;
    throw new ExpectedError('UNAVAILABLE', `The database ${shown(url)} cannot be opened: ${reason}. ${advice}`);
  }
}

/** Makes the schema fit this program: the embedded default migrates itself, others are told to. */
async function fitSchema(db: Database, embedded: boolean): Promise<void> {
  if (embedded) {
    await migrateUp(db);
    return;
  }
  const state = await migrationState(db);
  refuseNewer(state);
  if (state.pending.length === 0) return;
  const message = `The database lacks ${state.pending.length} migrations of this version. Run "orrery migrate" first.`;
  throw new ExpectedError('UNAVAILABLE', message);
}

function openDoorbell(config: Config, health: Health): Doorbell {
  if (config.stores.redisUrl !== null) {
    health.report('redis', 'DEGRADED', 'not connected yet: live data comes by polling');
    return redisDoorbell({
      url: config.stores.redisUrl,
      onState: (state) =>
        state === 'UP'
          ? health.report('redis', 'UP')
          : health.report('redis', 'DEGRADED', 'away: live data comes by polling each second'),
    });
  }
  return config.stores.embedded ? inProcessDoorbell() : pollingDoorbell();
}

/** What MariaDB takes in one statement unless it was told otherwise, in bytes. */
const USUAL_PACKET = 16 * 1024 * 1024;

/** Warns of a server that takes less in one statement than the largest reports and documents need. */
async function warnOfSmallPackets(db: Database, log: Logger): Promise<void> {
  if (db.dialect !== 'mysql') return;
  const [row] = await db.reader.rows<{ bytes: number | string }>('SELECT @@max_allowed_packet AS bytes');
  const bytes = Number(row?.bytes ?? 0);
  if (bytes >= USUAL_PACKET) return;
  log.warn({ bytes, advised: USUAL_PACKET }, "The database's max_allowed_packet is small: large reports will fail.");
}

/** Opens every store. Throws ExpectedError UNAVAILABLE, in one line that says what to do. */
export async function openStores(config: Config, health: Health, log: Logger): Promise<Stores> {
  const { embedded } = config.stores;
  const db = await openConfiguredDatabase(config, { statementLimit: config.limits.operationTimeout + SECOND });
  let own: Database;
  try {
    await fitSchema(db, embedded);
    await warnOfSmallPackets(db, log);
    own = embedded ? db : await openConfiguredDatabase(config, { poolSize: OWN_CONNECTIONS });
  } catch (error) {
    await db.close();
    throw error;
  }
  const doorbell = openDoorbell(config, health);
  const onFault = (error: unknown): void => log.warn({ error }, 'the event log could not be read; trying again');
  const eventLog = await openEventLog({ db: own, doorbell, onFault });
  health.probe('database', async () => {
    await own.reader.rows('SELECT last_seq FROM stream_heads LIMIT 1');
    return 'UP';
  });
  probeDisk(health, [db, own], embedded ? config.server.dataDir : null);
  return {
    db,
    own,
    doorbell,
    log: eventLog,
    close: async () => {
      await eventLog.close();
      doorbell.close();
      await own.close();
      if (db !== own) await db.close();
    },
  };
}
