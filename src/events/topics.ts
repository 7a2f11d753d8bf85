import type { JobEvent, JobResult, JobStatus } from '../entities/job.js';
import type { TaskStatus, TransactionKind, TransactionStatus } from '../entities/ledger.js';
import type { RunState } from '../entities/run.js';
import type { ServiceState } from '../entities/service.js';

/** What became of a shard: taken when free, from an owner whose lease ran out, back after a restart; or let go. */
export type ShardMove = 'TAKEN' | 'TAKEOVER' | 'RESTARTED' | 'RELEASED';

/** A task as it became: its id, node, name and status. Short, because a fact may name hundreds. */
export type TaskFact = [id: string, nodeId: string, taskName: string, status: TaskStatus];

/**
 * Every durable fact of the event log: topic -> payload. A payload holds what a filter needs and what cannot be read
 * again later; the rest is read from the tables when the fact is shown. Payloads only grow: an older server's rows
 * are read by a newer one.
 */
export interface Topics {
  /** Subject: the job. */
  jobStatusChanged: {
    key: string;
    clientKey: string;
    status: JobStatus;
    statusBefore: JobStatus | null;
    event: JobEvent | null;
    result: JobResult | null;
    reason: string | null;
    revision: number;
    runId: string | null;
  };
  /** Subject: the run (its transaction). */
  runChanged: {
    jobId: string;
    jobKey: string;
    clientKey: string;
    state: RunState;
    status: TransactionStatus;
    result: JobResult | null;
    reason: string | null;
    progress: number;
    /** Where it had stood before, and what its agent said of the progress. Missing in rows of older servers. */
    statusBefore?: TransactionStatus | null;
    message?: string | null;
    /** Epoch milliseconds: when an attempt that waits may begin. Missing in rows of older servers. */
    nextAttemptAt?: number | null;
    /** It was deleted. */
    deleted?: true;
  };
  /** Subject: the run; for the agent of the client: there is work, or an order to abort. */
  runAssigned: { clientKey: string; runId: string; abort: boolean };
  /** Subject: the job; its last success is older than `staleAfter`. */
  jobStale: { key: string; clientKey: string; lastSuccessAt: number | null };
  /** Subject: the client. */
  clientChanged: { key: string; change: 'REGISTERED' | 'UPDATED' | 'REMOVED' };
  /** Subject: the transaction; of a job's run `runChanged` tells. */
  transactionChanged: {
    kind: TransactionKind;
    clusterId: string | null;
    name: string;
    externalId: string | null;
    status: TransactionStatus;
    statusBefore: TransactionStatus | null;
    reason: string | null;
    progress: number;
    message: string | null;
    /** It was deleted. */
    deleted?: true;
  };
  /** Subject: the cluster or the project; rows of tasks that were made or changed together. */
  taskHistoryChanged: {
    clusterId: string | null;
    changes: { transactionId: string; tasks: TaskFact[] }[];
  };
  /** Subject: the cluster. */
  clusterChanged: { externalId: string; change: 'CREATED' | 'UPDATED' | 'REMOVED' };
  /** Subject: the service. */
  serviceStateChanged: {
    host: string;
    name: string;
    state: ServiceState;
    /** Null for one that is new. */
    stateBefore: ServiceState | null;
    incarnation: number;
    reason: string | null;
    /** It was removed from the registry; `state` is the last it had. */
    removed?: true;
  };
  /** Subject: the shard. */
  shardMoved: {
    tag: Record<string, string>;
    slice: number;
    /** As it is after the move. */
    fence: number;
    reason: ShardMove;
    /** In words: rebalanced, draining, stopping, its lease had run out ... */
    why: string;
    /** The ids of the services that had and have it; null = nobody. */
    from: string | null;
    to: string | null;
    /** Their names as `host/name`, for they may be gone when the fact is read. */
    fromName: string | null;
    toName: string | null;
  };
  /** Subject: the activity row. */
  /** `outcome` is left out where the command was carried out. */
  activityRecorded: { actor: string; action: string; subject: string | null; outcome?: string };
}

export type Topic = keyof Topics;

/** One fact as it is appended, before it has a position. */
export interface NewEvent<T extends Topic = Topic> {
  topic: T;
  /** The project it belongs to; null for what belongs to the operator. */
  project: string | null;
  /** The id of what it is about. */
  subject: string;
  payload: Topics[T];
}

/** One fact of the log, numbered. */
export interface LoggedEvent<T extends Topic = Topic> extends NewEvent<T> {
  id: string;
  /** Its position: 1, 2, 3 ... without gaps, in the order of numbering after commit. */
  seq: number;
  /** Epoch milliseconds by the store's clock. */
  at: number;
}
