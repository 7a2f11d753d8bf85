import type { SummarizedTask } from '../../history/export/listed-task.js';
import { restStatus } from '../../history/statuses.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../lib/json.js';

/** A task as Fuel's REST shows it. */
export interface SeedTask {
  readonly id: number;
  readonly deployment_task_id: number;
  /** Null for a point of synchronisation. */
  readonly node_id: number | string | null;
  readonly task_id: number | string;
  readonly task_name: string;
  /** Epoch seconds, as all its times. */
  readonly time_start: number | null;
  readonly time_end: number | null;
  readonly status: string;
  readonly summary: JsonValue;
  readonly custom: Readonly<JsonObject>;
}

const WHOLE = /^(0|-?[1-9]\d{0,15})$/;

/** A name that is a whole number as that number. */
const numbered = (name: string): number | string =>
  WHOLE.test(name) && Number.isSafeInteger(Number(name)) ? Number(name) : name;

const seconds = (at: number | null): number | null => (at === null ? null : Math.floor(at / 1_000));

/** What its reporter adds. */
function customOf({ custom }: SummarizedTask): JsonObject {
  const value: JsonValue = custom === null ? null : JSON.parse(custom);
  return isJsonObject(value) ? value : {};
}

/** A task in the seed's form: its five statuses, and the real one in `custom` where it has no word for it. */
export function seedTask(task: SummarizedTask, transactionNumber: number): SeedTask {
  const { status, real } = restStatus(task.status);
  return {
    id: task.number,
    deployment_task_id: transactionNumber,
    node_id: task.nodeId === '' ? null : numbered(task.nodeId),
    task_id: numbered(task.graphTaskId),
    task_name: task.taskName,
    time_start: seconds(task.timeStart),
    time_end: seconds(task.timeEnd),
    status,
    summary: task.summary,
    custom: { ...customOf(task), ...(real === null ? {} : { real_status: real }) },
  };
}
