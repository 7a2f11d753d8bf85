import type { Ctx } from '../../auth/actor.js';
import type { Database } from '../../db/database.js';
import type { OrderKey, Page, PageRequest } from '../../db/page.js';
import type { TransactionTombstoneRow } from '../../entities/ledger.js';
import { Background } from '../../lib/background.js';
import { MINUTE } from '../../lib/time.js';
import { type DeleteDeps, deleteTransaction, type TransactionDeleted, type TransactionDeletion } from './delete.js';
import { readProgress } from './progress.js';
import { clearRemains } from './remains.js';
import { anything, beginPurge, retainHistory } from './round.js';
import { type Ages, type Deleted, NOTHING } from './rules.js';
import { findTombstone, listTombstones, type TombstoneFilter } from './tombstones.js';

/** A round begins so often, on one server. */
export const RETENTION_EVERY = 10 * MINUTE;

/** What retention does, as the API shows it. */
export interface RetentionStatus {
  readonly ages: Ages;
  /** When the last round ended, on whichever server; null before the first. */
  readonly ranAt: number | null;
  /** About when the next one begins. */
  readonly nextAt: number | null;
  /** What the last round deleted, and all rounds together. */
  readonly last: Deleted;
  readonly total: Deleted;
}

/** The ends of the history: by age, and by an admin. */
export interface RetentionService {
  /** One round, which writes by the database given: the chore's own. Ends early when the signal aborts. */
  round(db: Database, signal: AbortSignal): Promise<void>;
  delete(ctx: Ctx, deletion: TransactionDeletion): Promise<TransactionDeleted>;
  tombstones(
    ctx: Ctx,
    filter: TombstoneFilter,
    direction: OrderKey['direction'],
    request: PageRequest,
  ): Promise<Page<TransactionTombstoneRow>>;
  /** The tombstone of the transaction with this global id or serial number; null when the caller may see none. */
  tombstone(ctx: Ctx, name: string): Promise<TransactionTombstoneRow | null>;
  status(): Promise<RetentionStatus>;
  /** Resolves when what was begun in this process has ended. */
  settled(): Promise<void>;
  /** Ends what is under way, and waits for it; the next round goes on. */
  stop(): Promise<void>;
}

export interface RetentionServiceDeps extends DeleteDeps {
  readonly log: {
    info(detail: object, message: string): void;
    warn(detail: object, message: string): void;
  };
}

/** Puts the retention together. */
export function createRetentionService(deps: RetentionServiceDeps): RetentionService {
  const { db, ages, log } = deps;
  const background = new Background((error) =>
    log.warn({ error }, 'what a deletion left could not be cleared; the next round clears it'),
  );
  return {
    async round(own, signal) {
      const deleted = await retainHistory({ ...deps, db: own }, signal);
      if (anything(deleted)) log.info({ deleted }, 'old history was deleted');
    },
    async delete(ctx, deletion) {
      const done = await deleteTransaction(deps, ctx, deletion);
      background.run((signal) => clearRemains(beginPurge(deps, signal).purge));
      return done;
    },
    tombstones: (ctx, filter, direction, request) => listTombstones(db.reader, ctx, filter, direction, request),
    tombstone: (ctx, name) => findTombstone(db.reader, ctx, name),
    async status() {
      const known = await readProgress(db.reader);
      const { last, total } = known?.progress ?? { last: NOTHING, total: NOTHING };
      const ranAt = known?.ranAt ?? null;
      return { ages, ranAt, nextAt: ranAt === null ? null : ranAt + RETENTION_EVERY, last, total };
    },
    settled: () => background.settled(),
    stop: () => background.stop(),
  };
}
