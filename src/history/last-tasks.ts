import { decodeCursor, encodeCursor } from '../db/cursor.js';
import { COUNT_CAP, type Page, type PageRequest, pageSize } from '../db/page.js';
import { readRows } from '../db/rows.js';
import type { Reader, SqlValue } from '../db/transaction.js';
import { TASK_STATUSES, TaskEntity, type TaskRow } from '../entities/ledger.js';

/** A node as reporters name it, in the scope of its cluster or project. */
export interface NodePlace {
  readonly scope: string;
  readonly nodeId: string;
}

/** Which row stands for each task: its newest attempt, or the newest that succeeded. */
export type LastOf = 'ATTEMPTS' | 'SUCCESSES';

interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** Where the names of a page begin, which way they go, and how many there are. */
interface Names {
  readonly from: string | null;
  readonly descending: boolean;
  readonly limit: number;
}

const INDEX = 'ix_tasks_scope_both';

const isSqlite = (reader: Reader): boolean => reader.manager.dataSource.options.type === 'better-sqlite3';

/**
 * The names of the tasks of a node, each from one place of the index, however many rows it has: MariaDB and MySQL skip by
 * themselves ("loose index scan"); for SQLite, which does not, each name is looked up from the one before.
 */
function namesSql(reader: Reader, { scope, nodeId }: NodePlace, of: LastOf, names: Names): Statement {
  const { from, descending, limit } = names;
  const [sign, least, order] = descending ? ['<', 'MAX', 'DESC'] : ['>', 'MIN', 'ASC'];
  const ready = of === 'SUCCESSES' ? " AND status = 'READY'" : '';
  const place = [scope, nodeId];
  const start = from === null ? '' : ` AND task_name ${sign} ?`;
  const values = from === null ? place : [...place, from];
  const where = `WHERE scope = ? AND node_id = ?${ready}`;
  if (!isSqlite(reader)) {
    const newest = of === 'SUCCESSES' ? ', MAX(ordered_at)' : '';
    const sql = `SELECT task_name AS name${newest} FROM tasks FORCE INDEX (${INDEX}) ${where}${start}
      GROUP BY task_name ORDER BY task_name ${order} LIMIT ${limit}`;
    return { sql, values };
  }
  const next = `SELECT ${least}(task_name) FROM tasks INDEXED BY ${INDEX} ${where}`;
  const sql = `WITH RECURSIVE names (name) AS (
      SELECT (${next}${start})
      UNION ALL SELECT (${next} AND task_name ${sign} names.name) FROM names WHERE names.name IS NOT NULL
      LIMIT ${limit + 1})
    SELECT name FROM names WHERE name IS NOT NULL LIMIT ${limit}`;
  return { sql, values: [...values, ...place] };
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

async function rowsByNumbers(reader: Reader, numbers: readonly number[]): Promise<Map<number, TaskRow>> {
  if (numbers.length === 0) return new Map();
  const query = reader.manager.getRepository(TaskEntity).createQueryBuilder('task');
  query.where('task.number IN (:...numbers)', { numbers });
  return new Map((await readRows(query, { without: [], byIds: null })).map((row) => [row.number, row]));
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
  const [mark, field] = backwards ? [request.before, 'before'] : [request.after, 'after'];
  const from = mark == null ? null : String(decodeCursor(mark, list, 1, [field])[0]);
  const { sql, values } = namesSql(reader, place, of, { from, descending: backwards, limit: size + 1 });
  const found = (await reader.rows<{ name: string }>(sql, values)).map(({ name }) => name);
  const more = found.length > size;
  const names = found.slice(0, size);
  if (backwards) names.reverse();
  const newest = await newestOf(reader, place, of, names);
  const rows = await rowsByNumbers(reader, [...newest.values()]);
  return {
    edges: names.flatMap((name) => {
      const node = rows.get(newest.get(name) ?? 0);
      return node ? [{ node, cursor: encodeCursor(list, [name]) }] : [];
    }),
    hasNextPage: backwards ? request.before != null : more,
    hasPreviousPage: backwards ? more : request.after != null,
    async total() {
      const all = namesSql(reader, place, of, { from: null, descending: false, limit: COUNT_CAP });
      const [row] = await reader.rows<{ total: number | string }>(
        `SELECT COUNT(*) AS total FROM (${all.sql}) named`,
        all.values,
      );
      return Number(row?.total ?? 0);
    },
  };
}
