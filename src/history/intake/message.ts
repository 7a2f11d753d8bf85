import type { InputIssue } from '../../lib/errors.js';
import { isDeeper, isJsonObject, type JsonObject, type JsonValue } from '../../lib/json.js';
import { DEPLOYMENT_ENDS, type DeploymentEnd } from './end.js';
import type { GraphTask } from './graph.js';
import { InputReader } from './input-reader.js';
import type { DeploymentReport } from './report.js';
import type { DeploymentStart } from './start.js';

/** What one message of the queue tells: the mutation, and its input. */
export type Message =
  | { readonly operation: 'transactionStart'; readonly input: DeploymentStart }
  | { readonly operation: 'transactionReport'; readonly input: DeploymentReport }
  | { readonly operation: 'transactionEnd'; readonly input: DeploymentEnd };

export type Operation = Message['operation'];

/** Why a message can never be taken in. */
export interface MessageFault {
  readonly fault: 'TOO_LARGE' | 'NOT_JSON' | 'NOT_AN_OBJECT' | 'TOO_DEEP' | 'UNKNOWN_OPERATION' | 'INVALID_INPUT';
  readonly message: string;
  /** Each fault of the input by its place. */
  readonly issues: readonly InputIssue[];
}

/** The largest message, in bytes. */
export const LARGEST_MESSAGE = 16 * 1024 * 1024;
/** How deep objects and lists may be nested. (What an event holds too deep refuses that event alone.) */
const DEEPEST = 100;

const REF = ['transactionId', 'externalId', 'cluster'] as const;

function graphOf(reader: InputReader): DeploymentStart['graph'] {
  const given = reader.object('graph');
  const graph = given === null ? null : reader.within(given, 'graph');
  if (graph === null) return null;
  graph.refuseOthers(['tasks']);
  const tasks = graph.required('tasks', graph.list('tasks'), []);
  return {
    tasks: tasks.flatMap((value, index): GraphTask[] => {
      const task = graph.within(value, 'tasks', index);
      if (task === null) return [];
      task.refuseOthers(['id', 'name', 'nodes']);
      return [{ id: task.id('id'), name: task.required('name', task.text('name'), ''), nodes: task.ids('nodes') }];
    }),
  };
}

function startOf(reader: InputReader): DeploymentStart {
  reader.refuseOthers([
    'cluster',
    'clusterName',
    'releaseVersion',
    'externalId',
    'name',
    'graph',
    'settings',
    'dryRun',
  ]);
  return {
    cluster: reader.required('cluster', reader.id('cluster'), ''),
    clusterName: reader.text('clusterName'),
    releaseVersion: reader.text('releaseVersion'),
    externalId: reader.required('externalId', reader.id('externalId'), ''),
    name: reader.text('name'),
    graph: graphOf(reader),
    settings: reader.object('settings'),
    dryRun: reader.flag('dryRun'),
  };
}

const refOf = (reader: InputReader) => ({
  transactionId: reader.id('transactionId'),
  externalId: reader.id('externalId'),
  cluster: reader.id('cluster'),
});

/** What is wrong with one event refuses that event alone, where it is taken in: here they need only be a list. */
function reportOf(reader: InputReader): DeploymentReport {
  reader.refuseOthers([...REF, 'reportId', 'events', 'progress', 'message']);
  return {
    ...refOf(reader),
    reportId: reader.required('reportId', reader.id('reportId'), ''),
    events: reader.required('events', reader.list('events'), []),
    progress: reader.whole('progress'),
    message: reader.text('message'),
  };
}

function endOf(reader: InputReader): DeploymentEnd {
  reader.refuseOthers([...REF, 'status', 'reason', 'time', 'attempt']);
  const status = reader.required('status', reader.choice('status', DEPLOYMENT_ENDS), 'READY');
  const attempt = reader.whole('attempt');
  return { ...refOf(reader), status, reason: reader.text('reason'), time: reader.any('time'), attempt };
}

/** The readers of the inputs, by the mutation. */
const INPUTS = {
  transactionStart: (reader: InputReader): Message => ({ operation: 'transactionStart', input: startOf(reader) }),
  transactionReport: (reader: InputReader): Message => ({ operation: 'transactionReport', input: reportOf(reader) }),
  transactionEnd: (reader: InputReader): Message => ({ operation: 'transactionEnd', input: endOf(reader) }),
} satisfies Record<Operation, (reader: InputReader) => Message>;

const OPERATIONS = Object.keys(INPUTS).join(', ');
const isOperation = (text: string): text is Operation => Object.hasOwn(INPUTS, text);

const faulty = (fault: MessageFault['fault'], message: string, issues: readonly InputIssue[] = []): MessageFault => ({
  fault,
  message,
  issues,
});

/** The JSON of a body in UTF-8. Throws TypeError or SyntaxError when it is none. */
function jsonOf(body: Uint8Array): JsonValue {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as JsonValue;
}

/** Where the JSON ends to be JSON, where the parser says: its message quotes the body, which is nobody's business. */
function placeOf(error: unknown): string {
  const at = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  return at === undefined ? '' : ` (position ${at})`;
}

function readInput(operation: Operation, input: JsonValue): Message | MessageFault {
  const issues: InputIssue[] = [];
  if (!isJsonObject(input)) return faulty('INVALID_INPUT', `"${operation}" is an object: the input of that mutation.`);
  const message = INPUTS[operation](new InputReader(input, [], issues));
  const [first] = issues;
  if (!first) return message;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return faulty('INVALID_INPUT', `${[operation, ...first.path].join('.')}: ${first.message}${more}`, issues);
}

const ONE_KEY = `A message is a JSON object of one key, the mutation (${OPERATIONS}), with its input.`;

function readObject(value: JsonObject): Message | MessageFault {
  const [operation, another] = Object.keys(value);
  if (operation === undefined || another !== undefined) return faulty('UNKNOWN_OPERATION', ONE_KEY);
  if (isOperation(operation)) return readInput(operation, value[operation] ?? null);
  const message = `There is no operation "${operation.slice(0, 100)}" here; there are ${OPERATIONS}.`;
  return faulty('UNKNOWN_OPERATION', message);
}

/**
 * Reads the body of a message: `{"transactionReport": {...}}`, with the input as the mutation of that name takes it. Pure;
 * says what is wrong, and never throws.
 */
export function readMessage(body: Uint8Array): Message | MessageFault {
  if (body.length > LARGEST_MESSAGE) {
    return faulty('TOO_LARGE', `A message has at most ${LARGEST_MESSAGE} bytes, not ${body.length}.`);
  }
  let value: JsonValue;
  try {
    value = jsonOf(body);
  } catch (error) {
    return faulty('NOT_JSON', `The body is not JSON in UTF-8${placeOf(error)}.`);
  }
  if (!isJsonObject(value)) return faulty('NOT_AN_OBJECT', ONE_KEY);
  if (isDeeper(value, DEEPEST)) {
    return faulty('TOO_DEEP', `Objects and lists are nested at most ${DEEPEST} deep in a message.`);
  }
  return readObject(value);
}
