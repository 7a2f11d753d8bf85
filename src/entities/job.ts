import { EntitySchema } from 'typeorm';
import { id, instant, int, json, longText, text } from './columns.js';

const JOB_STATUSES = ['STOPPED', 'SCHEDULED', 'RUNNING', 'ABORTING', 'COMPLETED', 'REMOVED'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];
const JOB_EVENTS = ['STOP', 'START', 'ABORT', 'REMOVE'] as const;
export type JobEvent = (typeof JOB_EVENTS)[number];
export const JOB_RESULTS = ['SUCCESS', 'FAIL', 'ABORTED', 'MISSED', 'SKIPPED', 'LOST'] as const;
export type JobResult = (typeof JOB_RESULTS)[number];
export const OVERLAP_POLICIES = ['SKIP', 'BUFFER_ONE', 'CANCEL_OTHER', 'ALLOW_ALL'] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];
export const CATCHUP_POLICIES = ['LATEST', 'ALL', 'NONE'] as const;
export type CatchupPolicy = (typeof CATCHUP_POLICIES)[number];
const SCHEDULE_KINDS = ['NONE', 'DATE', 'INTERVAL', 'CRON'] as const;
export type ScheduleKind = (typeof SCHEDULE_KINDS)[number];

/** One action of a job as its owner wrote it; defaults not merged. */
export interface StoredAction {
  freezerAction: Record<string, unknown>;
  mandatory: boolean;
  /** Retries after the first try. */
  maxRetries: number;
  /** Seconds between tries. */
  maxRetriesInterval: number;
  /** Seconds that one try may take; null = no limit. */
  timeout: number | null;
}

/** The definition of a job: what its owner writes. Every change of it is a revision. */
export interface JobDefinition {
  description: string;
  clientKey: string;
  actions: StoredAction[];
  actionDefaults: Record<string, unknown>;
  /** The normalised schedule (src/schedule/types). */
  schedule: Record<string, unknown>;
  overlap: OverlapPolicy;
  catchup: CatchupPolicy;
  /** Seconds. */
  catchupWindow: number;
  /** Seconds after the last success at which the job counts as stale; null = never. */
  staleAfter: number | null;
  /** The raw document the job was imported from (spellings kept for the export); null for typed jobs. */
  document: Record<string, unknown> | null;
}

/** A job: its definition and its control state. */
export interface JobRow extends JobDefinition {
  id: string;
  project: string;
  /** What the outside world calls it: the document's `job_id`. */
  key: string;
  /** '' while the job lives, its id once it is removed: so that a key can be used again. */
  slot: string;
  userId: string;
  scheduleKind: ScheduleKind;
  revision: number;
  status: JobStatus;
  event: JobEvent | null;
  result: JobResult | null;
  statusReason: string | null;
  /** The status to go back to when the manual run of a job that was not SCHEDULED ends; null otherwise. */
  statusBefore: JobStatus | null;
  timeCreated: number;
  timeStarted: number | null;
  timeEnded: number | null;
  nextRunAt: number | null;
  lastSuccessAt: number | null;
  /** When the job becomes stale, unless it succeeds before. */
  staleAt: number | null;
  consecutiveFailures: number;
  successCount: number;
  failureCount: number;
  missedCount: number;
  skippedCount: number;
  updatedAt: number;
}

/** What only its owner wrote, and what may be long: not read where lists are. */
const JOB_BODY = ['actions', 'actionDefaults', 'document'] as const;

/** A job without its body. */
export type JobHead = Omit<JobRow, (typeof JOB_BODY)[number]>;

const definition = {
  description: text(255),
  clientKey: text(255),
  actions: json(),
  actionDefaults: json(),
  schedule: json(),
  overlap: text(16),
  catchup: text(16),
  catchupWindow: int(),
  staleAfter: int({ nullable: true }),
  document: json({ nullable: true }),
};

export const JobEntity = new EntitySchema<JobRow>({
  name: 'Job',
  tableName: 'jobs',
  columns: {
    id: id({ primary: true }),
    project: text(64),
    key: text(64),
    slot: id(),
    userId: text(64),
    ...definition,
    scheduleKind: text(16),
    revision: int(),
    status: text(16),
    event: text(16, { nullable: true }),
    result: text(16, { nullable: true }),
    statusReason: longText({ nullable: true }),
    statusBefore: text(16, { nullable: true }),
    timeCreated: instant(),
    timeStarted: instant({ nullable: true }),
    timeEnded: instant({ nullable: true }),
    nextRunAt: instant({ nullable: true }),
    lastSuccessAt: instant({ nullable: true }),
    staleAt: instant({ nullable: true }),
    consecutiveFailures: int(),
    successCount: int(),
    failureCount: int(),
    missedCount: int(),
    skippedCount: int(),
    updatedAt: instant(),
  },
  indices: [
    { name: 'ux_jobs_key', columns: ['project', 'key', 'slot'], unique: true },
    { name: 'ix_jobs_created', columns: ['project', 'slot', 'timeCreated', 'id'] },
    { name: 'ix_jobs_next_run', columns: ['project', 'slot', 'nextRunAt', 'id'] },
    { name: 'ix_jobs_status', columns: ['project', 'status', 'timeCreated', 'id'] },
    { name: 'ix_jobs_result', columns: ['project', 'slot', 'result', 'timeCreated', 'id'] },
    { name: 'ix_jobs_client', columns: ['project', 'clientKey', 'slot', 'timeCreated', 'id'] },
    { name: 'ix_jobs_kind', columns: ['project', 'slot', 'scheduleKind', 'timeCreated', 'id'] },
    { name: 'ix_jobs_stale', columns: ['project', 'slot', 'staleAt', 'id'] },
    { name: 'ix_jobs_all_key', columns: ['key', 'slot'] },
    { name: 'ix_jobs_all_status', columns: ['status', 'timeCreated', 'id'] },
    { name: 'ix_jobs_all_result', columns: ['slot', 'result', 'timeCreated', 'id'] },
    { name: 'ix_jobs_all_client', columns: ['clientKey', 'slot', 'timeCreated', 'id'] },
    { name: 'ix_jobs_all_kind', columns: ['slot', 'scheduleKind', 'timeCreated', 'id'] },
    { name: 'ix_jobs_all_created', columns: ['slot', 'timeCreated', 'id'] },
    { name: 'ix_jobs_all_next_run', columns: ['slot', 'nextRunAt', 'id'] },
    { name: 'ix_jobs_all_stale', columns: ['slot', 'staleAt', 'id'] },
  ],
});

const BODY: readonly string[] = JOB_BODY;

/** The columns of a job's head. */
export const JOB_HEAD = Object.keys(JobEntity.options.columns).filter(
  (property): property is keyof JobHead => !BODY.includes(property),
);

/** One kind of action a job has, for the list's filter. */
export interface JobActionKindRow {
  jobId: string;
  project: string;
  action: string;
}

export const JobActionKindEntity = new EntitySchema<JobActionKindRow>({
  name: 'JobActionKind',
  tableName: 'job_action_kinds',
  columns: { jobId: id({ primary: true }), action: text(16, { primary: true }), project: text(64) },
  indices: [
    { name: 'ix_job_action_kinds', columns: ['project', 'action', 'jobId'] },
    { name: 'ix_job_action_kinds_all', columns: ['action', 'jobId'] },
  ],
});

/** One state of a job's definition, kept for ever. */
export interface JobRevisionRow {
  id: string;
  jobId: string;
  revision: number;
  definition: JobDefinition;
  at: number;
  actor: string;
  reason: string | null;
}

export const JobRevisionEntity = new EntitySchema<JobRevisionRow>({
  name: 'JobRevision',
  tableName: 'job_revisions',
  columns: {
    id: id({ primary: true }),
    jobId: id(),
    revision: int(),
    definition: json(),
    at: instant(),
    actor: text(255),
    reason: text(255, { nullable: true }),
  },
  indices: [{ name: 'ux_job_revisions', columns: ['jobId', 'revision'], unique: true }],
});
