import type { Database } from '../db/database.js';
import type { Tx } from '../db/transaction.js';
import { MINUTE, SECOND } from '../lib/time.js';
import type { KindRegistry } from './kind-registry.js';
import type { SchedulerLog, SchedulerMetrics } from './metrics.js';
import { type Timers, within } from './timers.js';
import { type WorkLease, type WorkLeases, WorkLostError } from './work-leases.js';

export interface WorkPieceOptions {
  readonly db: Database;
  /** For what the work writes. */
  readonly workDb: Database;
  readonly kinds: KindRegistry;
  readonly leases: WorkLeases;
  readonly timers: Timers;
  readonly metrics: SchedulerMetrics;
  readonly log: SchedulerLog;
  readonly leaseLength: number;
}

/** Why a piece is to stop, as its signal says. */
class StoppingError extends Error {}

const STOPPED = 'The server that did it stopped.';
const RETRY = SECOND;
const LONGEST_BACK_OFF = 5 * MINUTE;

/** How long work that threw waits, in milliseconds: 5 s, 10 s, 20 s ... at most 5 minutes. */
const backOff = (failCount: number): number =>
  Math.min(5 * SECOND * 2 ** Math.min(failCount - 1, 10), LONGEST_BACK_OFF);

/** What came of a piece of work, as it is written in its lease. */
type Outcome =
  | { readonly is: 'finished' }
  | { readonly is: 'handed back' }
  | { readonly is: 'failed'; readonly error: unknown };

/** One piece of work, from its taking to the end of its lease. */
export class WorkPiece {
  readonly lease: WorkLease;
  /** Resolves when nothing of it runs here any more. */
  readonly over: Promise<void>;
  readonly #options: WorkPieceOptions;
  readonly #abort = new AbortController();
  readonly #end: () => void;
  #ended = false;
  #abandoned = false;

  constructor(options: WorkPieceOptions, lease: WorkLease) {
    this.#options = options;
    this.lease = lease;
    let end = (): void => {};
    this.over = new Promise((resolve) => {
      end = resolve;
    });
    this.#end = end;
  }

  /** Whether its lease is gone, or was let go: there is nothing to renew. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Somebody else may have it: it stops, and writes nothing any more. */
  lose(): void {
    if (!this.#ended) this.#abort.abort(new WorkLostError(this.lease));
  }

  /** It is to stop, and is handed back unless it ends right now. */
  stop(): void {
    if (!this.#abort.signal.aborted) this.#abort.abort(new StoppingError(STOPPED));
  }

  /** Does the work; resolves when it is over. Never rejects. */
  async run(): Promise<void> {
    const { metrics, log } = this.#options;
    const { kind, subject } = this.lease;
    const outcome = await this.#work();
    try {
      if (!this.#ended) await this.#settle(outcome);
      if (!this.#abandoned) metrics.work(kind, outcome.is);
      if (outcome.is === 'failed')
        log.warn(`The work "${kind}" on ${subject} failed; it is tried again.`, outcome.error);
    } catch (error) {
      metrics.work(kind, 'refused');
      log.warn(`The work "${kind}" on ${subject} was stopped: another engine may have it.`, error);
    }
    this.#ended = true;
    this.#end();
  }

  async #work(): Promise<Outcome> {
    const { kinds, workDb, leases } = this.#options;
    const { lease } = this;
    const { signal } = this.#abort;
    try {
      await kinds.get(lease.kind).work?.({
        subject: lease.subject,
        deaths: lease.deaths,
        signal,
        db: workDb.guarded((tx) => this.#guarded(leases.guard(tx, lease))),
        finish: async (tx) => {
          await this.#guarded(leases.finish(tx, lease));
          tx.afterCommit(() => {
            this.#ended = true;
          });
        },
      });
      return { is: signal.aborted && !this.#ended ? 'handed back' : 'finished' };
    } catch (error) {
      if (this.#ended) return { is: 'finished' };
      return signal.aborted ? { is: 'handed back' } : { is: 'failed', error };
    }
  }

  /** A write that was refused says that the work is lost. */
  async #guarded(write: Promise<void>): Promise<void> {
    try {
      await write;
    } catch (error) {
      if (error instanceof WorkLostError) {
        this.#options.metrics.fenceRefused();
        this.lose();
      }
      throw error;
    }
  }

  /** Writes what came of it, as soon as the database answers. Throws WorkLostError when the work is another's. */
  async #settle(outcome: Outcome): Promise<void> {
    const { db, timers, leaseLength, log } = this.#options;
    for (;;) {
      const { reason } = this.#abort.signal;
      if (reason instanceof WorkLostError) throw reason;
      if (this.#abandoned) return;
      try {
        await within(
          timers,
          leaseLength,
          db.transaction((tx) => this.#write(tx, outcome)),
        );
        return;
      } catch (error) {
        if (error instanceof WorkLostError) throw error;
        log.warn(`The end of the work "${this.lease.kind}" could not be written; it is tried again.`, error);
        await new Promise<void>((resolve) => timers.after(RETRY, resolve));
      }
    }
  }

  #write(tx: Tx, outcome: Outcome): Promise<void> {
    const { leases } = this.#options;
    if (outcome.is === 'finished') return leases.finish(tx, this.lease);
    if (outcome.is === 'handed back') return leases.handBack(tx, this.lease, STOPPED);
    const { error } = outcome;
    const reason = error instanceof Error ? error.message : String(error);
    return leases.fail(tx, this.lease, reason, backOff(this.lease.failCount + 1));
  }

  /** Hands it back while it still runs: what it writes from now on is refused. Never rejects. */
  async handBack(): Promise<void> {
    if (this.#ended) return;
    this.#abandoned = true;
    const { db, timers, leases, metrics, log } = this.#options;
    const { kind, subject } = this.lease;
    try {
      await within(
        timers,
        RETRY,
        db.transaction((tx) => leases.handBack(tx, this.lease, STOPPED)),
      );
      this.#ended = true;
      metrics.work(kind, 'handed back');
    } catch (error) {
      log.warn(`The work "${kind}" on ${subject} could not be handed back; its lease will run out.`, error);
    }
  }
}
