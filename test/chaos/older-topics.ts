import type { JobEvent, JobResult, JobStatus } from '../../src/entities/job.js';
import type { TaskStatus, TransactionKind, TransactionStatus } from '../../src/entities/ledger.js';
import type { RunState } from '../../src/entities/run.js';

/** As in the older version. */
type TaskFact = [id: string, nodeId: string, taskName: string, status: TaskStatus];

/** The payloads of the older version (see older-version.ts), word for word. */
export interface OlderTopics {
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
  runChanged: {
    jobId: string;
    jobKey: string;
    clientKey: string;
    state: RunState;
    status: TransactionStatus;
    result: JobResult | null;
    reason: string | null;
    progress: number;
    statusBefore?: TransactionStatus | null;
    message?: string | null;
    nextAttemptAt?: number | null;
    deleted?: true;
  };
  runAssigned: { clientKey: string; runId: string; abort: boolean };
  jobStale: { key: string; clientKey: string; lastSuccessAt: number | null };
  clientChanged: { key: string; change: 'REGISTERED' | 'UPDATED' | 'REMOVED' };
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
    deleted?: true;
  };
  taskHistoryChanged: {
    clusterId: string | null;
    changes: { transactionId: string; tasks: TaskFact[] }[];
  };
  clusterChanged: { externalId: string; change: 'CREATED' | 'UPDATED' | 'REMOVED' };
  activityRecorded: { actor: string; action: string; subject: string | null };
}
