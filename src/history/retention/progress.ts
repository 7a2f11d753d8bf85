import { ConflictRetry, isDuplicate } from '../../db/failures.js';
import { locked } from '../../db/lock.js';
import type { Reader, Tx } from '../../db/transaction.js';
import { insertRows, updateRows } from '../../db/write.js';
import { HistoryRetentionEntity, type HistoryRetentionRow } from '../../entities/history-retention.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../lib/json.js';
import { DAY, HOUR } from '../../lib/time.js';
import { DELETED_KINDS, type Deleted, NOTHING, sum } from './rules.js';

const SWEEPS = ['rows', 'summaries', 'events', 'reports'] as const;
export type SweepName = (typeof SWEEPS)[number];

/** How far one walk through the old has come: a transaction's number, or an instant. */
export interface Sweep {
  readonly position: number;
  /** When it began, in epoch milliseconds. */
  readonly startedAt: number;
}

/** What retention keeps between two rounds. */
export interface Progress {
  readonly sweeps: Readonly<Partial<Record<SweepName, Sweep>>>;
  /** What the last round deleted, and all rounds. */
  readonly last: Deleted;
  readonly total: Deleted;
}

/** What was spared is looked at again so often: transactions end, and last successes are followed by others. */
const ANEW = DAY;

/** Rows may be committed a little later than their instant says. */
const LATE = HOUR;

/** Where the walk goes on. A walk by instants goes back a little; once a day it begins anew. Pure. */
export function goOn(sweep: Sweep | undefined, now: number, byInstant: boolean): Sweep {
  if (!sweep || now - sweep.startedAt >= ANEW) return { position: 0, startedAt: now };
  return byInstant ? { ...sweep, position: Math.max(0, sweep.position - LATE) } : sweep;
}

const numberIn = (object: JsonValue | undefined, key: string): number => {
  const value = isJsonObject(object) ? object[key] : undefined;
  return typeof value === 'number' ? value : 0;
};

function deletedIn(value: JsonValue | undefined): Deleted {
  const entries = DELETED_KINDS.map((kind) => [kind, numberIn(value, kind)]);
  return { ...NOTHING, ...Object.fromEntries(entries) };
}

function progressIn(stored: JsonObject): Progress {
  const sweeps: Partial<Record<SweepName, Sweep>> = {};
  for (const name of SWEEPS) {
    const sweep = isJsonObject(stored.sweeps) ? stored.sweeps[name] : undefined;
    if (!isJsonObject(sweep)) continue;
    sweeps[name] = { position: numberIn(sweep, 'position'), startedAt: numberIn(sweep, 'startedAt') };
  }
  return { sweeps, last: deletedIn(stored.last), total: deletedIn(stored.total) };
}

const NAME = 'history';

/** What the last round left behind, and when it ended; null before the first one. */
export async function readProgress(reader: Reader): Promise<{ ranAt: number; progress: Progress } | null> {
  const row = await reader.manager.getRepository(HistoryRetentionEntity).findOneBy({ name: NAME });
  return row && { ranAt: row.ranAt, progress: progressIn(row.progress) };
}

async function insertFirst(tx: Tx, row: HistoryRetentionRow): Promise<void> {
  try {
    await insertRows(tx, HistoryRetentionEntity, [row]);
  } catch (error) {
    if (isDuplicate(error)) throw new ConflictRetry('Another server ended its first round.', { cause: error });
    throw error;
  }
}

/** Adds what a round did: another server's round, at the same time, is not forgotten. */
export async function saveRound(tx: Tx, sweeps: Progress['sweeps'], deleted: Deleted): Promise<void> {
  const query = tx.manager.getRepository(HistoryRetentionEntity).createQueryBuilder('h').where({ name: NAME });
  const known = await locked(tx, query).getOne();
  const before = known ? progressIn(known.progress) : { sweeps: {}, last: NOTHING, total: NOTHING };
  const after = { sweeps: { ...before.sweeps, ...sweeps }, last: deleted, total: sum(before.total, deleted) };
  const row = { name: NAME, ranAt: await tx.now(), progress: JSON.parse(JSON.stringify(after)) as JsonObject } as const;
  if (known) await updateRows(tx, HistoryRetentionEntity, { name: NAME }, row);
  else await insertFirst(tx, row);
}
