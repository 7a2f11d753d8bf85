import type { JobResult, JobStatus } from '../entities/job.js';
import { SCHEDULE_DOCUMENT_KEYS } from '../schedule/document-keys.js';
import type { DefinitionNames } from './definition-rules.js';

/** Every key of a job document; any other is refused by name. */
export const JOB_KEYS: readonly string[] = [
  'job_id',
  'client_id',
  'user_id',
  'project',
  'project_id',
  'description',
  'job_actions',
  'job_action',
  'action_defaults',
  'job_schedule',
  'orrery',
];

export const ACTION_KEYS: readonly string[] = [
  'freezer_action',
  'mandatory',
  'max_retries',
  'retries',
  'max_retries_interval',
  'max_retry_interval',
  'timeout',
  'exit_status',
];

/** The keys of a `job_schedule` that the server owns: control state and history. */
const CONTROL_KEYS = ['time_created', 'time_started', 'time_ended', 'status', 'event', 'result'] as const;

export const SCHEDULE_KEYS: readonly string[] = [...SCHEDULE_DOCUMENT_KEYS, ...CONTROL_KEYS, 'schedule_time'];

/** Our own settings of a job, under the key `orrery`. */
export const SETTING_KEYS: readonly string[] = ['overlap', 'catchup', 'catchup_window', 'stale_after'];

export const DOCUMENT_NAMES: DefinitionNames = {
  clientKey: 'client_id',
  actions: 'job_actions',
  freezerAction: 'freezer_action',
  maxRetries: 'max_retries',
  maxRetriesInterval: 'max_retries_interval',
  actionDefaults: 'action_defaults',
  settings: ['orrery'],
  catchupWindow: 'catchup_window',
  staleAfter: 'stale_after',
};

/** A job's status in a document. */
export const STATUS_WORDS: Readonly<Record<JobStatus, string>> = {
  STOPPED: 'stop',
  SCHEDULED: 'scheduled',
  RUNNING: 'running',
  ABORTING: 'running',
  COMPLETED: 'completed',
  REMOVED: 'removed',
};

/** A job's result in a document; SKIPPED is never a job's result. */
export const RESULT_WORDS: Readonly<Record<JobResult, string>> = {
  SUCCESS: 'success',
  FAIL: 'fail',
  ABORTED: 'aborted',
  MISSED: 'fail',
  LOST: 'fail',
  SKIPPED: '',
};

/** The results that a document may tell of an earlier life of the job. */
export const RESULTS_READ: Readonly<Record<string, JobResult | null>> = {
  '': null,
  success: 'SUCCESS',
  fail: 'FAIL',
  aborted: 'ABORTED',
};

export const STATUSES_READ: readonly string[] = [
  '',
  'stop',
  'scheduled',
  'running',
  'aborting',
  'completed',
  'removed',
];
export const EVENTS_READ: readonly string[] = ['', 'stop', 'start', 'abort', 'remove'];
