import { brokenCursor, decodeCursor, encodeCursor } from '../db/cursor.js';
import { COUNT_CAP, type Page, type PageRequest, pageSize } from '../db/page.js';
import { readRows } from '../db/rows.js';
import type { Reader } from '../db/transaction.js';
import { TASK_STATUSES, TaskEntity, type TaskRow } from '../entities/ledger.js';

/** A node as reporters name it, in the scope of its cluster or project. */
export interface NodePlace {
  readonly scope: string;
  readonly nodeId: string;
}

/** Which row stands for each task: its newest attempt, or the newest that succeeded. */
export type LastOf = 'ATTEMPTS' | 'SUCCESSES';

/** Between which names, and which way they go; null: to the end. */
interface NameOrder {
  readonly from: string | null;
  readonly until: string | null;
  readonly descending: boolean;
}

const INDEX = 'ix_tasks_scope_both';

const isSqlite = (reader: Reader): boolean => reader.manager.dataSource.options.type === 'better-sqlite3';

/**
 * The next names of the tasks of a node, each from one place of the index, however many rows it has (a skip scan, which
 * MariaDB does not do by itself here): SQLite, which is in this process, goes from one to the next in one statement; the
 * servers find the least name after another by one place only where that one is a constant, a statement each. (Of 30
 * names with 1,000 attempts each MariaDB 10.11 reads 430 rows so; by one GROUP BY 28,059, by a recursive query 465,220.)
 */
async function nextNames(
  reader: Reader,
  { scope, nodeId }: NodePlace,
  { from, until, descending }: NameOrder,
  limit: number,
): Promise<string[]> {
  const [sign, least, opposite] = descending ? ['<', 'MAX', '>'] : ['>', 'MIN', '<'];
  const hint = isSqlite(reader) ? `INDEXED BY ${INDEX}` : `FORCE INDEX (${INDEX})`;
  const end = until === null ? '' : ` AND task_name ${opposite} ?`;
  const first = `SELECT ${least}(task_name) AS name FROM tasks ${hint} WHERE scope = ? AND node_id = ?${end}`;
  const place = [scope, nodeId, ...(until === null ? [] : [until])];
  const further = `${first} AND task_name ${sign}`;
  if (isSqlite(reader)) {
    const start = from === null ? first : `${further} ?`;
    const rows = await reader.rows<{ name: string }>(
      `WITH RECURSIVE names (name) AS (
         SELECT (${start}) UNION ALL SELECT (${further} names.name) FROM names WHERE names.name IS NOT NULL
         LIMIT ${limit})
       SELECT name FROM names WHERE name IS NOT NULL`,
      [...place, ...(from === null ? [] : [from]), ...place],
    );
    return rows.map(({ name }) => name);
  }
  const names: string[] = [];
  for (let last = from; names.length < limit; ) {
    const [sql, values] = last === null ? [first, []] : [`${further} ?`, [last]];
    const [row] = await reader.prepared<{ name: string | null }>(sql, [...place, ...values]);
    if (row?.name == null) break;
    last = row.name;
    names.push(last);
  }
  return names;
}

/** Names looked up by one statement: SQLite puts at most 500 together. */
const MOST_NAMES = 250;

/** The number of the newest row of each task: of each status the last place in the index, and of those the newest. */
async function newestOf(
  reader: Reader,
  { scope, nodeId }: NodePlace,
  of: LastOf,
  names: readonly string[],
): Promise<Map<string, number>> {
  const statuses = of === 'SUCCESSES' ? ['READY'] : TASK_STATUSES;
  const newest = new Map<string, { number: number; at: number }>();
  const listed = (count: number, column: string): string =>
    Array.from({ length: count }, (_, index) => (index === 0 ? `SELECT ? AS ${column}` : 'SELECT ?')).join(
      ' UNION ALL ',
    );
  const hint = isSqlite(reader) ? `INDEXED BY ${INDEX}` : `FORCE INDEX (${INDEX})`;
  for (let from = 0; from < names.length; from += MOST_NAMES) {
    const some = names.slice(from, from + MOST_NAMES);
    const rows = await reader.rows<{ name: string; number: number; at: number | string }>(
      `SELECT found.name AS name, task.number AS number, task.ordered_at AS at FROM (
         SELECT n.name AS name, (
           SELECT t.number FROM tasks t ${hint}
           WHERE t.scope = ? AND t.node_id = ? AND t.task_name = n.name AND t.status = s.status
           ORDER BY t.ordered_at DESC, t.number DESC LIMIT 1) AS number
         FROM (${listed(some.length, 'name')}) n CROSS JOIN (${listed(statuses.length, 'status')}) s) found
       JOIN tasks task ON task.number = found.number`,
      [scope, nodeId, ...some, ...statuses],
    );
    for (const { name, number, at } of rows) {
      const [other, time] = [newest.get(name), Number(at)];
      if (!other || time > other.at || (time === other.at && number > other.number))
        newest.set(name, { number, at: time });
    }
  }
  return new Map([...newest].map(([name, { number }]) => [name, number]));
}

/** A task of a node, and the number of the row that stands for it. */
interface LastTask {
  readonly name: string;
  readonly number: number;
}

/** The tasks of a node between two, so many at a time; of `SUCCESSES` those that never succeeded are left out. */
async function* lastTasks(
  reader: Reader,
  place: NodePlace,
  of: LastOf,
  order: NameOrder,
  size: number,
): AsyncGenerator<LastTask> {
  for (let last = order.from; ; ) {
    const names = await nextNames(reader, place, { ...order, from: last }, size);
    const newest = await newestOf(reader, place, of, names);
    for (const name of names) {
      const number = newest.get(name);
      if (number !== undefined) yield { name, number };
    }
    last = names.at(-1) ?? null;
    if (names.length < size || last === null) return;
  }
}

async function rowsByNumbers(reader: Reader, numbers: readonly number[]): Promise<Map<number, TaskRow>> {
  if (numbers.length === 0) return new Map();
  const query = reader.manager.getRepository(TaskEntity).createQueryBuilder('task');
  query.where('task.number IN (:...numbers)', { numbers });
  return new Map((await readRows(query, { without: [], byIds: null })).map((row) => [row.number, row]));
}

const WHOLE: NameOrder = { from: null, until: null, descending: false };

/** The name of one of a request's cursors. Throws InvalidInputError. */
function nameIn(request: PageRequest, field: 'after' | 'before', list: string): string | null {
  const mark = request[field];
  if (mark == null) return null;
  const [name] = decodeCursor(mark, list, 1, [field]);
  if (typeof name === 'string') return name;
  throw brokenCursor([field]);
}

/** Whether anything was ever reported of a node. */
export async function isKnownNode(reader: Reader, { scope, nodeId }: NodePlace): Promise<boolean> {
  const rows = await reader.rows('SELECT 1 FROM tasks WHERE scope = ? AND node_id = ? LIMIT 1', [scope, nodeId]);
  return rows.length > 0;
}

/**
 * One page of the tasks of a node by their names, each shown by the newest of its attempts (the last to begin; of those
 * that have not begun, the last to be made). What is read grows with the tasks on the page, not with their attempts.
 * Throws InvalidInputError for a wrong page or cursor.
 */
export async function lastTasksPage(
  reader: Reader,
  place: NodePlace,
  of: LastOf,
  request: PageRequest,
): Promise<Page<TaskRow>> {
  const { size, backwards } = pageSize(request);
  const list = `last:${of}:${place.scope}:${place.nodeId}`;
  const [after, before] = [nameIn(request, 'after', list), nameIn(request, 'before', list)];
  const [from, until] = backwards ? [before, after] : [after, before];
  const found: LastTask[] = [];
  for await (const task of lastTasks(reader, place, of, { from, until, descending: backwards }, size + 1)) {
    if (found.push(task) > size) break;
  }
  const more = found.length > size;
  const shown = found.slice(0, size);
  if (backwards) shown.reverse();
  const rows = await rowsByNumbers(
    reader,
    shown.map(({ number }) => number),
  );
  return {
    // A row may be deleted between the statements.
    edges: shown.flatMap(({ name, number }) => {
      const node = rows.get(number);
      return node ? [{ node, cursor: encodeCursor(list, [name]) }] : [];
    }),
    hasNextPage: backwards ? request.before != null : more,
    hasPreviousPage: backwards ? more : request.after != null,
    async total() {
      let total = 0;
      for await (const _task of lastTasks(reader, place, of, WHOLE, MOST_NAMES)) {
        total += 1;
        if (total >= COUNT_CAP) break;
      }
      return total;
    },
  };
}
