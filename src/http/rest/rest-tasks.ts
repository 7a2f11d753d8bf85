import type { Ctx } from '../../auth/actor.js';
import type { ExportService } from '../../history/export/export-service.js';
import type { SummarizedTask } from '../../history/export/listed-task.js';
import type { HistoryService } from '../../history/service.js';
import { REST_STATUSES } from '../../history/statuses.js';
import { NotFoundError } from '../../lib/errors.js';
import { readAhead } from '../../lib/read-ahead.js';
import { textPieces } from '../../lib/text-pieces.js';
import type { ConnectionCap } from '../connections.js';
import type { Route } from '../parts.js';
import { sendText } from '../reply.js';
import { commonHeaders, type RestCall, type RestFront, type RestKind } from './rest-front.js';
import { RestQuery } from './rest-query.js';
import { seedTask } from './seed-task.js';

/** What the seed's paths are made of. */
export interface RestTasksParts {
  readonly front: RestFront;
  readonly history: Pick<HistoryService, 'find'>;
  readonly exports: Pick<ExportService, 'ofTransaction' | 'task'>;
  readonly cap: ConnectionCap;
}

const LIST: RestKind = { name: 'tasks_history', right: 'taskHistory', cost: 500 };
const ENTRY: RestKind = { name: 'tasks_history_entry', right: 'taskHistory', cost: 5 };

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Paths below this are the seed's. */
export const TASKS_PATH = '/api/tasks/';

/** Which list, or which of its entries, a path names. */
interface Named {
  readonly transaction: string;
  /** Null for the list. */
  readonly task: string | null;
}

/** What a path names; null when it is none of the seed's. */
function named(pathname: string): Named | null {
  const match = /^([^/]+)\/(deployment_tasks|tasks_history)(?:\/([^/]+))?\/?$/.exec(pathname.slice(TASKS_PATH.length));
  const [, transaction, , task] = match ?? [];
  if (transaction === undefined) return null;
  try {
    return { transaction: decodeURIComponent(transaction), task: task === undefined ? null : decodeURIComponent(task) };
  } catch {
    return null;
  }
}

/** Pages of tasks as one JSON array, the texts of a page at a time. */
async function* jsonArray(
  pages: AsyncIterable<readonly SummarizedTask[]>,
  transactionNumber: number,
): AsyncGenerator<readonly string[]> {
  let before = '[';
  for await (const page of pages) {
    if (page.length === 0) continue;
    const items = page.map((task, at) => (at > 0 ? ',' : before) + JSON.stringify(seedTask(task, transactionNumber)));
    yield textPieces(items);
    before = ',';
  }
  yield [before === '[' ? '[]' : ']'];
}

async function* each(groups: AsyncIterable<readonly string[]>): AsyncGenerator<string> {
  for await (const texts of groups) yield* texts;
}

async function transactionOf({ history }: RestTasksParts, ctx: Ctx, name: string) {
  const transaction = await history.find(ctx, name);
  if (!transaction) throw new NotFoundError('task', name);
  return transaction;
}

async function answerList(parts: RestTasksParts, call: RestCall, { transaction }: Named): Promise<string> {
  const query = new RestQuery(call.url.searchParams, ['nodes', 'statuses']);
  const filter = { nodeIds: query.list('nodes'), statuses: query.words('statuses', REST_STATUSES) };
  query.check();
  const { id, number } = await transactionOf(parts, call.ctx, transaction);
  const pieces = each(readAhead(jsonArray(parts.exports.ofTransaction(id, filter), number)));
  return parts.front.stream(call, { headers: JSON_TYPE, pieces, cap: parts.cap });
}

async function answerEntry(parts: RestTasksParts, call: RestCall, name: Named, task: string): Promise<string> {
  new RestQuery(call.url.searchParams, []).check();
  const { id, number } = await transactionOf(parts, call.ctx, name.transaction);
  const found = await parts.exports.task(id, task);
  if (!found) throw new NotFoundError('entry', task, ['id'], `task "${name.transaction}"`);
  const text = JSON.stringify(seedTask(found, number));
  sendText(call.res, 200, JSON_TYPE['content-type'], text, commonHeaders(call.ctx));
  return '200';
}

/** The route of `/api/tasks/:task_id/tasks_history`, of one entry of it, and of `deployment_tasks`, its other name. */
export function restTasksRoute(parts: RestTasksParts): Route {
  const { front } = parts;
  return (req, res, url) => {
    const name = named(url.pathname);
    if (name?.task != null) {
      const { task } = name;
      return front.answer(ENTRY, { req, res, url }, (call) => answerEntry(parts, call, name, task));
    }
    return front.answer(LIST, { req, res, url }, (call) => {
      if (!name) throw new NotFoundError('path', url.pathname.slice(0, 200));
      return answerList(parts, call, name);
    });
  };
}
