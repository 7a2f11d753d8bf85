import type { Reader } from '../../db/transaction.js';
import { type AgedTask, placeOf } from './rules.js';

/** Places asked for by one statement. */
const CHUNK = 100;

/** One entry of an index, read from its end. */
const NEWEST = `(SELECT number FROM tasks WHERE scope = ? AND node_id = ? AND task_name = ? AND status = 'READY'
  ORDER BY ordered_at DESC, number DESC LIMIT 1)`;

/** The numbers of the last successes of the places in which some of these tasks succeeded, by place. */
export async function lastSuccesses(reader: Reader, tasks: readonly AgedTask[]): Promise<Map<string, number>> {
  const places = new Map(tasks.filter(({ status }) => status === 'READY').map((task) => [placeOf(task), task]));
  const entries = [...places];
  const found = new Map<string, number>();
  for (let from = 0; from < entries.length; from += CHUNK) {
    const chunk = entries.slice(from, from + CHUNK);
    const columns = chunk.map((_entry, index) => `${NEWEST} AS n${index}`).join(', ');
    const values = chunk.flatMap(([, { scope, nodeId, taskName }]) => [scope, nodeId, taskName]);
    const [row] = await reader.rows<Record<string, number | string | null>>(`SELECT ${columns}`, values);
    for (const [index, [place]] of chunk.entries()) {
      const number = row?.[`n${index}`];
      if (number != null) found.set(place, Number(number));
    }
  }
  return found;
}
