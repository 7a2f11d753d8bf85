import { EntitySchema } from 'typeorm';
import { big, id, instant, int, json, longText, text } from './columns.js';
import type { JobResult, StoredAction } from './job.js';
import type { TransactionStatus } from './ledger.js';

/** WAITING for its client, BUFFERED behind another run of the job, RUNNING under an agent's lease, ENDED. */
export type RunState = 'WAITING' | 'BUFFERED' | 'RUNNING' | 'ENDED';
export type RunTrigger = 'SCHEDULE' | 'CATCHUP' | 'MANUAL' | 'START';

/**
 * The assignment of a run to a client and the agent's lease on it. What happened (status, times, tasks) is the
 * transaction of the same id; status and times are kept here once more, written by the same function in the same
 * transaction, so that a list of runs is filtered and paged in one table.
 */
export interface JobRunRow {
  /** The id of the transaction. */
  id: string;
  jobId: string;
  project: string;
  clientKey: string;
  jobRevision: number;
  trigger: RunTrigger;
  /** The due instant that made it; null for a manual run. */
  scheduledFor: number | null;
  state: RunState;
  status: TransactionStatus;
  /** Null until it has ended. */
  result: JobResult | null;
  startedAt: number | null;
  endedAt: number | null;
  /** What is executed: the raw actions and defaults, as they were when the run was made, with its overrides. */
  actions: StoredAction[];
  actionDefaults: Record<string, unknown>;
  createdAt: number;
  /** A run nobody has claimed by then is MISSED. */
  waitUntil: number | null;
  /** The agent session that holds it. */
  leaseOwner: string | null;
  leaseUntil: number | null;
  /** Rises with each claim; every write of the agent carries it. */
  fence: number;
  abortRequestedAt: number | null;
  abortReason: string | null;
  requestedBy: string | null;
  /** The next attempt does not start before; null = at once. */
  nextAttemptAt: number | null;
  /** The agent's number of the last progress shown, within the attempt under way. */
  progressSequence: number;
  /** The last position given to a piece of output. */
  outputPosition: number;
  /** All output that came, kept or not: bytes of UTF-8, and line ends. */
  outputBytes: number;
  outputLines: number;
}

export const JobRunEntity = new EntitySchema<JobRunRow>({
  name: 'JobRun',
  tableName: 'job_runs',
  columns: {
    id: id({ primary: true }),
    jobId: id(),
    project: text(64),
    clientKey: text(255),
    jobRevision: int(),
    trigger: text(16),
    scheduledFor: instant({ nullable: true }),
    state: text(16),
    status: text(16),
    result: text(16, { nullable: true }),
    startedAt: instant({ nullable: true }),
    endedAt: instant({ nullable: true }),
    actions: json(),
    actionDefaults: json(),
    createdAt: instant(),
    waitUntil: instant({ nullable: true }),
    leaseOwner: id({ nullable: true }),
    leaseUntil: instant({ nullable: true }),
    fence: int(),
    abortRequestedAt: instant({ nullable: true }),
    abortReason: text(255, { nullable: true }),
    requestedBy: text(255, { nullable: true }),
    nextAttemptAt: instant({ nullable: true }),
    progressSequence: int(),
    outputPosition: int(),
    outputBytes: big(),
    outputLines: int(),
  },
  indices: [
    { name: 'ix_job_runs_job', columns: ['jobId', 'state'] },
    { name: 'ix_job_runs_job_list', columns: ['jobId', 'id'] },
    { name: 'ix_job_runs_client', columns: ['clientKey', 'project', 'state', 'id'] },
    { name: 'ix_job_runs_client_list', columns: ['clientKey', 'id'] },
    { name: 'ix_job_runs_project', columns: ['project', 'id'] },
    { name: 'ix_job_runs_status', columns: ['project', 'status', 'id'] },
    { name: 'ix_job_runs_all_status', columns: ['status', 'id'] },
    { name: 'ix_job_runs_trigger', columns: ['project', 'trigger', 'id'] },
    { name: 'ix_job_runs_all_trigger', columns: ['trigger', 'id'] },
    { name: 'ix_job_runs_started', columns: ['project', 'startedAt', 'id'] },
    { name: 'ix_job_runs_all_started', columns: ['startedAt', 'id'] },
    { name: 'ix_job_runs_lease', columns: ['state', 'leaseUntil'] },
    { name: 'ix_job_runs_wait', columns: ['state', 'waitUntil'] },
    { name: 'ix_job_runs_instant', columns: ['scheduledFor', 'jobId'] },
  ],
});

/** A piece of a run's output. */
export interface RunOutputRow {
  runId: string;
  /** 1, 2, 3 ... within the run, given under the run's row lock: a reader by position sees no gap. */
  position: number;
  taskId: string;
  attempt: number;
  /** The agent's number within the attempt: a piece reported twice is stored once. */
  sequence: number;
  stream: 'STDOUT' | 'STDERR' | 'SYSTEM';
  /** At most 32 KiB of UTF-8. */
  text: string;
  /** What came in this run before this piece, kept or not. */
  bytesBefore: number;
  linesBefore: number;
  /** What is missing right before this piece, because the attempt's output was longer than is kept; 0 = nothing. */
  cutBytes: number;
  cutLines: number;
  at: number;
}

export const RunOutputEntity = new EntitySchema<RunOutputRow>({
  name: 'RunOutput',
  tableName: 'run_output',
  columns: {
    runId: id({ primary: true }),
    position: int({ primary: true }),
    taskId: id(),
    attempt: int(),
    sequence: int(),
    stream: text(8),
    text: longText(),
    bytesBefore: big(),
    linesBefore: int(),
    cutBytes: big(),
    cutLines: int(),
    at: instant(),
  },
  indices: [{ name: 'ux_run_output_sequence', columns: ['taskId', 'attempt', 'sequence'], unique: true }],
});

/** What is kept of one attempt's output: its head for good, and of the rest a tail. */
export interface RunOutputAttemptRow {
  taskId: string;
  runId: string;
  /** The agent's number of the last piece taken in: what comes with it or below is a repetition. */
  lastSequence: number;
  /** What had come in the run before this attempt, in bytes. */
  bytesBefore: number;
  /** The position of the last piece of the head, and what had come in the run up to its end. */
  headPosition: number;
  headBytes: number;
  headLines: number;
  /** What had come in the run before the oldest kept piece of the tail, in bytes. */
  tailFrom: number;
}

export const RunOutputAttemptEntity = new EntitySchema<RunOutputAttemptRow>({
  name: 'RunOutputAttempt',
  tableName: 'run_output_attempts',
  columns: {
    taskId: id({ primary: true }),
    runId: id(),
    lastSequence: int(),
    bytesBefore: big(),
    headPosition: int(),
    headBytes: big(),
    headLines: int(),
    tailFrom: big(),
  },
  indices: [{ name: 'ix_run_output_attempts_run', columns: ['runId'] }],
});
