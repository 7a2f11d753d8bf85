import type { TaskStatus, TransactionKind } from '../entities/ledger.js';
import type { JsonValue } from '../lib/json.js';
import type { EndStatus } from './statuses.js';
import type { Word } from './word.js';

/** What one report says of one attempt of one task. Instants are epoch milliseconds. */
export interface TaskReport {
  /** For a row that is not there yet; left out: one is made. */
  readonly id?: string;
  readonly graphTaskId: string;
  readonly taskName: string;
  /** '' for a sync point. */
  readonly nodeId: string;
  readonly attempt: number;
  readonly status: TaskStatus;
  /** Whether the transaction's owner named the task, as against a reporter of its own accord. */
  readonly announced: boolean;
  readonly reason?: string | null;
  /** The reporter's time of the report; left out: the receiver's counts. */
  readonly reportedAt?: number | null;
  /** When the attempt began, where the report knows. */
  readonly timeStart?: number | null;
  readonly timeEnd?: number | null;
  readonly exitCode?: number | null;
  readonly custom?: Record<string, unknown> | null;
  readonly summary?: JsonValue;
}

/** A transaction that begins. */
interface TransactionBegin {
  readonly kind: TransactionKind;
  readonly project: string | null;
  readonly clusterId: string | null;
  readonly subjectId: string | null;
  readonly externalId: string | null;
  readonly name: string;
  readonly dryRun: boolean;
}

/** How a transaction ends: every task that is still open is closed with it. */
export interface TransactionEnd {
  readonly status: EndStatus;
  readonly reason: string | null;
  /** What becomes of tasks that run; those that wait are SKIPPED. */
  readonly running: Extract<TaskStatus, 'LOST' | 'STOPPED'>;
  /** When, in epoch milliseconds; left out: now. */
  readonly at?: number;
}

/** One report about one transaction. What is left out stays as it is. */
export interface LedgerReport {
  readonly transactionId: string;
  /** A report with an id that was taken in before changes nothing. Null: the server's own, which is never repeated. */
  readonly reportId: string | null;
  /** Makes the transaction; only for an id that is not there yet. */
  readonly begin?: TransactionBegin;
  /** The transaction runs, since this instant. */
  readonly startedAt?: number;
  readonly tasks?: readonly TaskReport[];
  /** Which of the transaction's attempts it is that began or is so far: another goes on as it is. Left out: any. */
  readonly attempt?: number;
  /** 0..100, and a line for people, by the one reporter of the transaction, whose words come in their order. */
  readonly progress?: { readonly percent: number; readonly message: string | null };
  /** The same by one of many, whose words come in any order. */
  readonly word?: Word;
  readonly end?: TransactionEnd;
  /** A transaction that is over goes on: it waits for what becomes of the tasks that are reported with this. */
  readonly reset?: true;
}
