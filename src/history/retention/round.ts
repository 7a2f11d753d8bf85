import type { ActivityEntry, OwnAction } from '../../auth/activity.js';
import { type Ctx, SYSTEM } from '../../auth/actor.js';
import type { Database } from '../../db/database.js';
import type { Tx } from '../../db/transaction.js';
import { purgeEvents } from './old-events.js';
import { purgeReports } from './old-reports.js';
import { purgeRows } from './old-rows.js';
import { purgeSummaries } from './old-summaries.js';
import { goOn, type Progress, readProgress, type Sweep, type SweepName, saveRound } from './progress.js';
import { clearRemains } from './remains.js';
import { type Ages, DELETED_KINDS, type Deleted, type DeletedKind, NOTHING } from './rules.js';
import type { Belongings, Purge } from './work.js';

/** What retention stands on. */
export interface RetentionDeps {
  readonly db: Database;
  readonly belongings: readonly Belongings[];
  readonly ages: Ages;
  readonly activity: (tx: Tx, ctx: Ctx, entry: ActivityEntry) => Promise<unknown>;
  /** Told of each batch that was deleted, for whatever reason. */
  readonly onDeleted: (kind: DeletedKind, rows: number) => void;
}

/** The work of one caller, and what it counts. */
export function beginPurge(deps: RetentionDeps, signal: AbortSignal): { purge: Purge; deleted: () => Deleted } {
  const { db, belongings, onDeleted } = deps;
  let deleted: Record<DeletedKind, number> = NOTHING;
  const count = (kind: DeletedKind, rows: number): void => {
    if (rows === 0) return;
    deleted = { ...deleted, [kind]: deleted[kind] + rows };
    onDeleted(kind, rows);
  };
  return { purge: { db, belongings, signal, count }, deleted: () => deleted };
}

type Walk = (purge: Purge, sweep: Sweep, before: number) => Promise<Sweep>;

/** How each sweep walks, by which age, and whether its position is an instant. */
const WALKS: Readonly<Record<SweepName, { walk: Walk; age: keyof Ages; byInstant: boolean }>> = {
  rows: { walk: purgeRows, age: 'rows', byInstant: false },
  summaries: { walk: purgeSummaries, age: 'summaries', byInstant: true },
  events: { walk: purgeEvents, age: 'events', byInstant: true },
  reports: { walk: purgeReports, age: 'events', byInstant: true },
};

async function sweep(deps: RetentionDeps, purge: Purge, now: number): Promise<Progress['sweeps']> {
  const before = await readProgress(deps.db.reader);
  const after: Partial<Record<SweepName, Sweep>> = {};
  for (const [name, { walk, age, byInstant }] of Object.entries(WALKS) as [SweepName, (typeof WALKS)[SweepName]][]) {
    const length = deps.ages[age];
    if (length === 0) continue;
    after[name] = await walk(purge, goOn(before?.progress.sweeps[name], now, byInstant), now - length);
  }
  return after;
}

/** Whether a round did anything worth telling. */
export const anything = (deleted: Deleted): boolean => DELETED_KINDS.some((kind) => deleted[kind] > 0);

/**
 * One round: deletes what is older than it is kept, in small batches, and what deletions before it left. Returns how many
 * rows it deleted; a round that deleted some stands in the activity. Ends early when the signal aborts.
 */
export async function retainHistory(deps: RetentionDeps, signal: AbortSignal): Promise<Deleted> {
  const left = beginPurge(deps, signal);
  await clearRemains(left.purge);
  const { purge, deleted } = beginPurge(deps, signal);
  const sweeps = await sweep(deps, purge, await deps.db.now());
  await deps.db.transaction(async (tx) => {
    await saveRound(tx, sweeps, deleted());
    if (!anything(deleted())) return;
    const action: OwnAction = 'historyRetention';
    const detail = { ...deleted() };
    await deps.activity(tx, SYSTEM, { action, subject: null, project: null, outcome: 'OK', detail });
  });
  return deleted();
}
