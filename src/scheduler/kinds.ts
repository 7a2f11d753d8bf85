import type { Database } from '../db/database.js';
import type { Tx } from '../db/transaction.js';
import type { OccurrenceOutcome } from '../entities/occurrence.js';

/** What a service must carry in its labels to own the work: `{}` fits every service. */
export type Tag = Readonly<Record<string, string>>;

/** One background job whose instant has come. */
export interface DueJob {
  readonly id: string;
  readonly kind: string;
  /** The id of what it is about: a job, an audit ... */
  readonly subject: string;
  readonly project: string | null;
  /** The instant it was due at (its `next_run_at`), epoch milliseconds. */
  readonly scheduledFor: number;
  /** What the kind keeps between two fires. */
  readonly state: Record<string, unknown>;
  /** Rises with each edit of the schedule. */
  readonly generation: number;
}

/** What came of one due instant, as `fire` tells it. */
export interface OccurrenceRecord {
  /** Epoch milliseconds. */
  readonly scheduledFor: number;
  readonly outcome: OccurrenceOutcome;
  readonly reason: string | null;
  readonly runId: string | null;
  /** For a stretch of consecutive missed instants in one record: the last of them ... */
  readonly until?: number;
  /** ... and how many they are. */
  readonly count?: number;
}

/** What came of an occurrence that made a run. */
export interface Settlement {
  readonly outcome: OccurrenceOutcome;
  readonly reason: string | null;
  /** When the run began, epoch milliseconds. Left out = as it was. */
  readonly startedAt?: number;
}

/** What `fire` says about one due job. */
export interface Fired {
  readonly id: string;
  /** Epoch milliseconds; null = nothing more is due, and the row goes. */
  readonly nextRunAt: number | null;
  /** The state to keep; left out = as it was. */
  readonly state?: Record<string, unknown>;
  readonly occurrences: readonly OccurrenceRecord[];
}

/** What a kind wants to have scheduled, for one subject. */
export interface Desired {
  readonly subject: string;
  readonly project: string | null;
  /** Epoch milliseconds. */
  readonly nextRunAt: number;
  /** Left out = the kind's default tag. */
  readonly tag?: Tag;
  readonly state?: Record<string, unknown>;
}

/** Long work as the engine has it that does it now. */
export interface HeldWork {
  /** The id of what it is about. */
  readonly subject: string;
  /** How often in a row an engine was gone in the middle of it, before this time. */
  readonly deaths: number;
  /** Aborts when the work is to stop: the server stops, or somebody else may have the work by now. */
  readonly signal: AbortSignal;
  /**
   * The database, for whatever the work writes: each transaction begins with a check that this engine still has the
   * work, and throws LEASE_LOST when it has not, so that nobody ever writes in another's name.
   */
  readonly db: Database;
  /** Ends the work in the transaction of its last write; else it ends after `run` has resolved. Throws LEASE_LOST. */
  finish(tx: Tx): Promise<void>;
}

/** Work whose engine is gone. */
export interface LostWork {
  readonly subject: string;
  /** Why, in words: its engine fell silent ... */
  readonly reason: string;
  /** How often in a row that happened to it. */
  readonly deaths: number;
  /** It happened too often: the work is parked, nobody takes it up by itself, and its subject must not seem busy. */
  readonly parked: boolean;
}

/** What is to become of lost work: AGAIN = any engine takes it up at once, END = it is over (the kind saw to the rest). */
export type AfterLoss = 'AGAIN' | 'END';

/** What came of asking for work: a subject has one piece at a time, and parked work is not taken up by itself. */
export type Begun = 'BEGUN' | 'UNDER_WAY' | 'PARKED';

/** A kind of background job. The scheduler knows nothing else of the domain behind it. */
export interface Kind {
  readonly kind: string;
  readonly defaultTag: Tag;
  /** False for chores: no rows of what came of each instant. */
  readonly recordsOccurrences: boolean;
  /**
   * Makes what is due, in the firing transaction, and says each one's next instant: one answer for every job, with a
   * next instant later than `scheduledFor` (it may have passed already: then it is fired next), or null when nothing
   * more is due or the subject is gone. `now` is the store's clock. Short, and without any effect outside `tx`: a
   * conflict runs it again, and for an instant that was fired before it is only asked for the next one, and all that it
   * writes is undone. What it throws marks the one job that caused it, and that job backs off. Whatever takes long it
   * only begins, by `Planner.begin`.
   */
  fire(tx: Tx, due: readonly DueJob[], now: number): Promise<readonly Fired[]>;
  /**
   * Everything that ought to be scheduled, in ascending order of the subject (as `<` compares), each subject once. What
   * is fired while this is read may be put back with the instant that was fired: `fire` knows by its own tables that the
   * subject is past it.
   */
  desired(): AsyncIterable<Desired>;
  /**
   * Does the long work that `fire` began: on any engine that fits and has room, under a lease that the engine renews as
   * long as it is alive. It may be done more than once (the engine may die after the last write and before the end), so
   * it goes on from what it finds. When its signal aborts it returns early or throws, and is handed back. What it throws
   * else has it tried again, later each time.
   */
  work?(work: HeldWork): Promise<void>;
  /** The engine that did the work is gone: decides, in the transaction that ends its lease. Left out = AGAIN. */
  onLost?(tx: Tx, lost: LostWork): Promise<AfterLoss>;
}

/** How the domains tell the scheduler what is due when, within their own transactions. */
export interface Planner {
  /** Schedules the subject or moves its instant; raises the generation; the owner hears of it after the commit. */
  plan(tx: Tx, kind: string, desired: Desired): Promise<void>;
  /**
   * Begins long work of a kind on a subject: once the transaction is committed, any engine that fits takes it. It fits
   * by the tag of the background job of this kind and subject, as that is when it is taken; by `tag`, or the kind's
   * default, where there is none.
   */
  begin(tx: Tx, kind: string, subject: string, tag?: Tag): Promise<Begun>;
  /**
   * Binds a background job to services that carry the tag, by hand: its kind leaves it there. Null: back to its kind's
   * default. One that is parked or backs off is tried again at once. False when nothing was to do, or it is not there.
   */
  rebind(tx: Tx, id: string, tag: Tag | null): Promise<boolean>;
  /** Takes the subject off the schedule; nothing happens when it is not on it. */
  unplan(tx: Tx, kind: string, subject: string): Promise<void>;
  /** Says what came of the occurrence that made this run; nothing happens when there is none. */
  settle(tx: Tx, runId: string, settlement: Settlement): Promise<void>;
}
