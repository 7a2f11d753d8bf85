import { TASK_STATUSES, type TaskStatus } from '../../entities/ledger.js';
import { DEEPEST_KEPT, holdsHalfPair, isDeeper, isJsonObject, type JsonValue } from '../../lib/json.js';
import { isName, nameForm, storable } from '../../lib/names.js';
import type { TaskReport } from '../report.js';
import type { GraphIndex } from './graph.js';
import { isRefusal, type Refusal, type Refuse, refuser } from './refusal.js';
import { reportedTime, TIME_FORM } from './reported-time.js';

/**
 * One event of a report as its reporter wrote it. What is at fault refuses this event alone, so nothing of it is taken
 * for granted.
 */
export interface ReportedEvent {
  readonly graphTaskId?: unknown;
  readonly taskName?: unknown;
  readonly nodeId?: unknown;
  readonly attempt?: unknown;
  readonly status?: unknown;
  readonly time?: unknown;
  readonly timeStart?: unknown;
  readonly timeEnd?: unknown;
  readonly exitCode?: unknown;
  readonly reason?: unknown;
  readonly custom?: JsonValue | undefined;
  readonly summary?: JsonValue | undefined;
}

/** What stands in the place of an event: a queue can bring anything. */
export type GivenEvent = ReportedEvent | JsonValue;

const FIELDS: ReadonlySet<string> = new Set([
  'graphTaskId',
  'taskName',
  'nodeId',
  'attempt',
  'status',
  'time',
  'timeStart',
  'timeEnd',
  'exitCode',
  'reason',
  'custom',
  'summary',
] satisfies (keyof ReportedEvent)[]);

const LONGEST_NAME = 191;
const LONGEST_REASON = 4_000;
const LARGEST_SUMMARY = 1024 * 1024;
const LARGEST_CUSTOM = 64 * 1024;
const SUMMARY_TOO_LARGE = 'A summary has at most 1 MiB as JSON.';
const CUSTOM_TOO_LARGE = '"custom" has at most 64 KiB as JSON; a summary may be larger.';
const HALF_PAIR = 'has half of a surrogate pair, which is no character.';
const MOST_ATTEMPTS = 1_000;
const LARGEST_INT = 2_147_483_647;

const STATUSES: ReadonlySet<string> = new Set(TASK_STATUSES);
/** LOST is the ledger's own word, for what ended without a report. */
const REPORTED = TASK_STATUSES.filter((status) => status !== 'LOST');

const isStatus = (text: string): text is TaskStatus => STATUSES.has(text) && text !== 'LOST';

function nameOf(value: unknown, field: string, refuse: Refuse): string | null | Refusal {
  if (value === null || value === undefined || value === '') return null;
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text === 'string' && isName(text, LONGEST_NAME)) return text;
  return refuse('INVALID_EVENT', field, `"${field}" is a text of ${nameForm(LONGEST_NAME)}.`);
}

const isWhole = (text: string): boolean => !/\p{Surrogate}/u.test(text);

function integer(value: unknown, field: string, least: number, most: number, refuse: Refuse): number | null | Refusal {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return refuse('INVALID_EVENT', field, `"${field}" is a whole number from ${least} to ${most}.`);
}

function statusOf(value: unknown, refuse: Refuse): TaskStatus | Refusal {
  const text = typeof value === 'string' ? value.toUpperCase() : '';
  if (isStatus(text)) return text;
  const given = typeof value === 'string' ? ` "${value.slice(0, 40)}"` : '';
  return refuse(
    'UNKNOWN_STATUS',
    'status',
    `There is no status${given} to report: give one of ${REPORTED.join(', ')}.`,
  );
}

function timeOf(value: unknown, field: string, now: number, refuse: Refuse): number | null | Refusal {
  const at = reportedTime(value, now);
  if (at === null || typeof at === 'number') return at;
  return at.fault === 'NO_TIME'
    ? refuse('INVALID_EVENT', field, `"${field}" is ${TIME_FORM}.`)
    : refuse(
        'TIME_IN_FUTURE',
        field,
        `"${field}" is more than an hour ahead of this server: set the reporter's clock.`,
      );
}

/** Which task an event is about. */
type Named = Pick<TaskReport, 'graphTaskId' | 'taskName' | 'nodeId' | 'announced'>;

function taskOf(event: ReportedEvent, graph: GraphIndex, refuse: Refuse): Named | Refusal {
  const graphTaskId = nameOf(event.graphTaskId, 'graphTaskId', refuse);
  if (isFault(graphTaskId)) return graphTaskId;
  const taskName = nameOf(event.taskName, 'taskName', refuse);
  if (isFault(taskName)) return taskName;
  const node = nameOf(event.nodeId, 'nodeId', refuse);
  if (isFault(node)) return node;
  const nodeId = node ?? '';
  if (graphTaskId !== null) {
    const named = graph.nameOf(graphTaskId) ?? taskName ?? graphTaskId;
    return { graphTaskId, taskName: named, nodeId, announced: graph.has(graphTaskId, nodeId) };
  }
  if (taskName === null) return refuse('INVALID_EVENT', 'taskName', 'Name the task by "graphTaskId" or "taskName".');
  const found = graph.find(taskName, nodeId);
  if (found.ambiguous) {
    const message = `Several tasks of the graph are named "${taskName}" on this node: give "graphTaskId".`;
    return refuse('AMBIGUOUS_TASK', 'taskName', message);
  }
  return { graphTaskId: found.id ?? taskName, taskName, nodeId, announced: found.id !== null };
}

/** Whether a field was refused, where what it may hold is no object. */
const isFault = (value: string | number | null | Refusal): value is Refusal =>
  typeof value === 'object' && value !== null;

const isObject = (given: GivenEvent): given is ReportedEvent =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

function shapeFault(event: ReportedEvent, refuse: Refuse): Refusal | null {
  for (const field of Object.keys(event)) {
    if (FIELDS.has(field)) continue;
    const message = `There is no such field; there are ${[...FIELDS].join(', ')}.`;
    return refuse('INVALID_EVENT', field.slice(0, LONGEST_NAME), message);
  }
  return null;
}

/** What is wrong with JSON that is kept as it is given, whatever it says. */
function keptFault(value: JsonValue, field: string, most: number, tooLarge: string, refuse: Refuse): Refusal | null {
  if (isDeeper(value, DEEPEST_KEPT)) {
    return refuse('TOO_DEEP', field, `Objects and lists are nested at most ${DEEPEST_KEPT} deep in "${field}".`);
  }
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > most) return refuse('TOO_LARGE', field, tooLarge);
  return holdsHalfPair(text) ? refuse('INVALID_EVENT', field, `"${field}" ${HALF_PAIR}`) : null;
}

function restFault({ summary, custom, reason }: ReportedEvent, refuse: Refuse): Refusal | null {
  if (custom != null && !isJsonObject(custom)) return refuse('INVALID_EVENT', 'custom', '"custom" is a JSON object.');
  const fault =
    (summary == null ? null : keptFault(summary, 'summary', LARGEST_SUMMARY, SUMMARY_TOO_LARGE, refuse)) ??
    (custom == null ? null : keptFault(custom, 'custom', LARGEST_CUSTOM, CUSTOM_TOO_LARGE, refuse));
  if (fault || reason == null) return fault;
  if (typeof reason !== 'string' || reason.length > LONGEST_REASON) {
    return refuse('INVALID_EVENT', 'reason', `"reason" is a text of at most ${LONGEST_REASON} characters.`);
  }
  return isWhole(reason) ? null : refuse('INVALID_EVENT', 'reason', `"reason" ${HALF_PAIR}`);
}

/** What an event says besides its task and its status. */
type Rest = Omit<TaskReport, keyof Named | 'attempt' | 'status'>;

function timesOf(
  event: ReportedEvent,
  now: number,
  refuse: Refuse,
): Pick<Rest, 'reportedAt' | 'timeStart' | 'timeEnd'> | Refusal {
  const time = timeOf(event.time, 'time', now, refuse);
  if (isFault(time)) return time;
  const timeStart = timeOf(event.timeStart, 'timeStart', now, refuse);
  if (isFault(timeStart)) return timeStart;
  const timeEnd = timeOf(event.timeEnd, 'timeEnd', now, refuse);
  if (isFault(timeEnd)) return timeEnd;
  if (timeStart !== null && timeEnd !== null && timeEnd < timeStart) {
    return refuse('INVALID_EVENT', 'timeEnd', '"timeEnd" is before "timeStart".');
  }
  // An event without a time of its own happened when what it tells of began or ended.
  return { reportedAt: time ?? timeEnd ?? timeStart, timeStart, timeEnd };
}

/** An event whose attempt is still to be said: a reporter that names none means the newest. */
export type EventReport = Omit<TaskReport, 'attempt'> & { readonly attempt: number | null };

/** What one event reports, or why it is refused. Pure; `now` is the store's clock. */
export function readEvent(event: GivenEvent, index: number, graph: GraphIndex, now: number): EventReport | Refusal {
  const refuse = refuser(index);
  if (!isObject(event)) return refuse('INVALID_EVENT', null, 'An event is an object.');
  const fault = shapeFault(event, refuse) ?? restFault(event, refuse);
  if (fault) return fault;
  const task = taskOf(event, graph, refuse);
  if (isRefusal(task)) return task;
  const status = statusOf(event.status, refuse);
  if (typeof status === 'object') return status;
  const attempt = integer(event.attempt, 'attempt', 1, MOST_ATTEMPTS, refuse);
  if (isFault(attempt)) return attempt;
  const exitCode = integer(event.exitCode, 'exitCode', -LARGEST_INT, LARGEST_INT, refuse);
  if (isFault(exitCode)) return exitCode;
  const times = timesOf(event, now, refuse);
  if (isRefusal(times)) return times;
  const { custom, summary, reason } = event;
  return {
    ...task,
    ...times,
    status,
    attempt,
    exitCode,
    reason: typeof reason === 'string' ? storable(reason) : null,
    custom: isJsonObject(custom) ? custom : null,
    ...(summary === undefined || summary === null ? {} : { summary }),
  };
}
