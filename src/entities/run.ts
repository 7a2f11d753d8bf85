import { EntitySchema } from 'typeorm';
import { id, instant, int, json, longText, text } from './columns.js';
import type { StoredAction } from './job.js';

export const RUN_STATES = ['WAITING', 'BUFFERED', 'RUNNING', 'ENDED'] as const;
/** WAITING for its client, BUFFERED behind another run of the job, RUNNING under an agent's lease, ENDED. */
export type RunState = (typeof RUN_STATES)[number];
export const RUN_TRIGGERS = ['SCHEDULE', 'CATCHUP', 'MANUAL', 'START'] as const;
export type RunTrigger = (typeof RUN_TRIGGERS)[number];

/**
 * The assignment of a run to a client and the agent's lease on it. What happened (status, times, tasks) is the
 * transaction of the same id.
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
  /** The last position given to a piece of output. */
  outputPosition: number;
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
    outputPosition: int(),
  },
  indices: [
    { name: 'ix_job_runs_job', columns: ['jobId', 'state'] },
    { name: 'ix_job_runs_client', columns: ['project', 'clientKey', 'state', 'id'] },
    { name: 'ix_job_runs_lease', columns: ['state', 'leaseUntil'] },
    { name: 'ix_job_runs_wait', columns: ['state', 'waitUntil'] },
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
    at: instant(),
  },
  indices: [{ name: 'ux_run_output_sequence', columns: ['taskId', 'attempt', 'sequence'], unique: true }],
});
