import {
  CATCHUP_POLICIES,
  type JobDefinition,
  type JobResult,
  type JobStatus,
  OVERLAP_POLICIES,
  type StoredAction,
} from '../entities/job.js';
import { LAST_SHOWN } from '../lib/iso-text.js';
import { SECOND } from '../lib/time.js';
import { parseScheduleDocument } from '../schedule/parse.js';
import { checkClientKey, checkDefinition, checkKey } from './definition-rules.js';
import {
  ACTION_KEYS,
  DOCUMENT_NAMES,
  EVENTS_READ,
  JOB_KEYS,
  RESULTS_READ,
  SCHEDULE_KEYS,
  SETTING_KEYS,
  STATUSES_READ,
} from './document-keys.js';
import { Faults } from './faults.js';
import { JsonReader } from './json-reader.js';
import { storedSchedule } from './schedule-of.js';

/** The last second that documents and answers can tell: what is larger is milliseconds by mistake. */
const LAST_SECOND = Math.floor(LAST_SHOWN / SECOND);

/** What a document tells of an earlier life of the job: shown, never acted on. Epoch milliseconds. */
export interface JobHistory {
  timeCreated: number | null;
  timeStarted: number | null;
  timeEnded: number | null;
  result: JobResult | null;
}

/** A job document that has been read and found right. */
export interface ReadDocument {
  key: string | null;
  clientKey: string | null;
  userId: string | null;
  project: string | null;
  definition: Omit<JobDefinition, 'clientKey' | 'document'>;
  /** How the job begins, as its `status` and `event` say. */
  begin: Extract<JobStatus, 'SCHEDULED' | 'STOPPED' | 'COMPLETED'>;
  history: JobHistory;
  warnings: string[];
}

export interface ReadOptions {
  /** Epoch milliseconds: the anchor of an interval without a start date. */
  createdAt: number;
  /** Seconds. */
  defaultCatchupWindow: number;
}

/**
 * Reads a Freezer job document, with or without the outer `job` key. Pure.
 * @throws InvalidInputError that lists every fault, each with its place in the document
 */
export function readDocument(raw: Readonly<Record<string, unknown>>, options: ReadOptions): ReadDocument {
  const faults = new Faults();
  const wrapped = JsonReader.isObject(raw.job);
  if (wrapped) new JsonReader(faults, [], raw).refuseOthers(['job']);
  const job = new JsonReader(faults, [], wrapped && JsonReader.isObject(raw.job) ? raw.job : raw);
  job.refuseOthers(JOB_KEYS);
  const schedule = job.object('job_schedule');
  const settings = job.object('orrery');
  settings.refuseOthers(SETTING_KEYS);
  const definition = {
    description: job.text('description') ?? '',
    actions: readActions(job, faults),
    actionDefaults: { ...job.object('action_defaults').value },
    schedule: readSchedule(schedule, faults, options),
    overlap: settings.word('overlap', OVERLAP_POLICIES) ?? 'SKIP',
    catchup: settings.word('catchup', CATCHUP_POLICIES) ?? 'LATEST',
    catchupWindow: settings.number('catchup_window') ?? options.defaultCatchupWindow,
    staleAfter: settings.number('stale_after'),
  };
  const names = job.has('job_actions') ? DOCUMENT_NAMES : { ...DOCUMENT_NAMES, actions: 'job_action' };
  checkDefinition(faults, names, definition);
  const read = {
    ...readNames(job, faults),
    definition,
    begin: readBegin(schedule, faults),
    history: readHistory(schedule),
  };
  faults.throwIfAny();
  return { ...read, warnings: faults.warnings };
}

function readNames(job: JsonReader, faults: Faults): Pick<ReadDocument, 'key' | 'clientKey' | 'userId' | 'project'> {
  const key = job.text('job_id');
  const clientKey = job.text('client_id');
  if (key !== null) checkKey(faults, ['job_id'], key);
  if (clientKey !== null) checkClientKey(faults, ['client_id'], clientKey);
  return {
    key,
    clientKey,
    userId: job.text('user_id'),
    project: job.alias('project', 'project_id', (at) => job.text(at)),
  };
}

/** `job_actions`, or the seed's singular `job_action`: one action, or the bare parameters of one. */
function readActions(job: JsonReader, faults: Faults): StoredAction[] {
  if (job.has('job_actions')) {
    if (job.has('job_action')) faults.add(['job_action'], 'is given beside job_actions; write all actions there.');
    return job.objects('job_actions').map(readAction);
  }
  if (!job.has('job_action')) return [];
  const action = job.object('job_action');
  if (action.has('freezer_action')) return [readAction(action)];
  return [
    { freezerAction: { ...action.value }, mandatory: false, maxRetries: 0, maxRetriesInterval: 60, timeout: null },
  ];
}

function readAction(action: JsonReader): StoredAction {
  action.refuseOthers(ACTION_KEYS);
  if (!action.has('freezer_action')) action.fault('freezer_action', 'is missing.');
  const number = (key: string): number | null => action.number(key);
  return {
    freezerAction: { ...action.object('freezer_action').value },
    mandatory: action.flag('mandatory') ?? false,
    maxRetries: action.alias('max_retries', 'retries', number) ?? 0,
    maxRetriesInterval: action.alias('max_retries_interval', 'max_retry_interval', number) ?? 60,
    timeout: action.number('timeout'),
  };
}

function readSchedule(schedule: JsonReader, faults: Faults, options: ReadOptions): Record<string, unknown> {
  schedule.refuseOthers(SCHEDULE_KEYS);
  const parsed = faults.take(['job_schedule'], () => parseScheduleDocument(schedule.value, options));
  for (const warning of parsed?.warnings ?? []) faults.warn(warning);
  return storedSchedule(parsed?.schedule ?? { kind: 'none', timezone: 'UTC' });
}

/** A pending command goes before the status; without either the job is scheduled, as Freezer does. */
function readBegin(schedule: JsonReader, faults: Faults): ReadDocument['begin'] {
  const status = schedule.choice('status', STATUSES_READ) ?? '';
  const event = schedule.choice('event', EVENTS_READ) ?? '';
  const unkept = unkeptControl(status, event);
  if (unkept !== null) faults.warn(`job_schedule.${unkept} is not carried out by an import.`);
  return beginOf(status, event);
}

/** The command or status of a document that no job begins with; null when it has neither. */
function unkeptControl(status: string, event: string): string | null {
  if (event === 'abort' || event === 'remove') return `event: "${event}"`;
  return event === '' && (status === 'aborting' || status === 'removed') ? `status: "${status}"` : null;
}

function beginOf(status: string, event: string): ReadDocument['begin'] {
  if (event === 'stop' || event === 'remove') return 'STOPPED';
  if (event !== '') return 'SCHEDULED';
  if (status === 'completed') return 'COMPLETED';
  return status === 'stop' || status === 'removed' ? 'STOPPED' : 'SCHEDULED';
}

function readHistory(schedule: JsonReader): JobHistory {
  const instant = (key: string): number | null => {
    const seconds = schedule.number(key);
    // Freezer writes 0 or -1 where there is none.
    if (seconds === null || seconds === 0 || seconds === -1) return null;
    if (seconds > 0 && seconds <= LAST_SECOND) return seconds * SECOND;
    schedule.fault(key, `is in epoch seconds, 0 to ${LAST_SECOND} (the end of the year 9999); ${seconds} is not.`);
    return null;
  };
  const result = schedule.choice('result', Object.keys(RESULTS_READ)) ?? '';
  return {
    timeCreated: instant('time_created'),
    timeStarted: instant('time_started'),
    timeEnded: instant('time_ended'),
    result: RESULTS_READ[result] ?? null,
  };
}
