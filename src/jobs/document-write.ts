import type { JobDefinition, JobRow, StoredAction } from '../entities/job.js';
import { shownInstant } from '../lib/iso-text.js';
import { SECOND } from '../lib/time.js';
import { toScheduleDocument } from '../schedule/document.js';
import { SCHEDULE_DOCUMENT_KEYS } from '../schedule/document-keys.js';
import { RESULT_WORDS, STATUS_WORDS } from './document-keys.js';
import { JsonReader } from './json-reader.js';
import { sameJson } from './same-json.js';
import { scheduleOf } from './schedule-of.js';

type Json = Record<string, unknown>;
type Definition = Omit<JobDefinition, 'document'>;

/** Seconds: what a catch-up window is when neither the document nor the job says another. */
export interface WriteOptions {
  defaultCatchupWindow: number;
}

const asObject = (value: unknown): Json => (JsonReader.isObject(value) ? { ...value } : {});

/** The job inside a document, whether it has the outer `job` key or not. */
const inner = (document: Json): Json => (JsonReader.isObject(document.job) ? { ...document.job } : { ...document });

/** Puts a changed job back where it stood. */
const withInner = (document: Json, job: Json): Json => (JsonReader.isObject(document.job) ? { job } : job);

/** An action in the document's words; what is at its default is left out. */
function writeAction(action: StoredAction): Json {
  return {
    freezer_action: action.freezerAction,
    mandatory: action.mandatory,
    max_retries: action.maxRetries,
    max_retries_interval: action.maxRetriesInterval,
    ...(action.timeout === null ? {} : { timeout: action.timeout }),
  };
}

function writeSettings(definition: Definition, options: WriteOptions): Json {
  return {
    ...(definition.overlap === 'SKIP' ? {} : { overlap: definition.overlap }),
    ...(definition.catchup === 'LATEST' ? {} : { catchup: definition.catchup }),
    ...(definition.catchupWindow === options.defaultCatchupWindow ? {} : { catchup_window: definition.catchupWindow }),
    ...(definition.staleAfter === null ? {} : { stale_after: definition.staleAfter }),
  };
}

/** A document for a job that was not made from one. */
function composeDocument(definition: Definition, options: WriteOptions): Json {
  const settings = writeSettings(definition, options);
  const defaults = definition.actionDefaults;
  return {
    job: {
      description: definition.description,
      ...(Object.keys(defaults).length > 0 ? { action_defaults: defaults } : {}),
      job_actions: definition.actions.map(writeAction),
      job_schedule: toScheduleDocument(scheduleOf(definition)),
      ...(Object.keys(settings).length > 0 ? { orrery: settings } : {}),
    },
  };
}

function replaceSchedule(job: Json, definition: Definition): Json {
  const kept = Object.entries(asObject(job.job_schedule)).filter(([key]) => !SCHEDULE_DOCUMENT_KEYS.includes(key));
  return { ...job, job_schedule: { ...Object.fromEntries(kept), ...toScheduleDocument(scheduleOf(definition)) } };
}

function replaceActions(job: Json, definition: Definition): Json {
  const { job_action: _singular, ...rest } = job;
  return { ...rest, job_actions: definition.actions.map(writeAction) };
}

/**
 * The stored document of a job whose definition has changed: what did not change keeps its spelling, what did is
 * written anew. Null for a job that was not made from a document.
 */
export function rewriteDocument(
  document: Json | null,
  before: Definition,
  after: Definition,
  options: WriteOptions,
): Json | null {
  if (document === null) return null;
  let job = inner(document);
  if (before.description !== after.description) job = { ...job, description: after.description };
  if (!sameJson(before.actionDefaults, after.actionDefaults)) job = { ...job, action_defaults: after.actionDefaults };
  if (!sameJson(before.actions, after.actions)) job = replaceActions(job, after);
  if (!sameJson(before.schedule, after.schedule)) job = replaceSchedule(job, after);
  if (!sameJson(writeSettings(before, options), writeSettings(after, options))) {
    job = { ...job, orrery: writeSettings(after, options) };
  }
  return withInner(document, job);
}

const seconds = (at: number | null): number => (at === null ? 0 : Math.floor(shownInstant(at) / SECOND));

/**
 * A job as a Freezer document: as it was imported, with what the server owns put in (job_id, client_id, user_id and the
 * control state in `job_schedule`).
 */
export function writeDocument(job: JobRow, options: WriteOptions): Json {
  const document = job.document ?? composeDocument(job, options);
  const body = inner(document);
  return withInner(document, {
    ...body,
    job_id: job.key,
    client_id: job.clientKey,
    user_id: job.userId,
    job_schedule: {
      ...asObject(body.job_schedule),
      time_created: seconds(job.timeCreated),
      time_started: seconds(job.timeStarted),
      time_ended: seconds(job.timeEnded),
      status: STATUS_WORDS[job.status],
      event: job.event?.toLowerCase() ?? '',
      result: job.result === null ? '' : RESULT_WORDS[job.result],
    },
  });
}
