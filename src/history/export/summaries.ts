import type { Reader } from '../../db/transaction.js';
import { summariesByTasks } from '../read.js';
import type { ListedTask, SummarizedTask } from './listed-task.js';

/** Summaries read at once, in bytes: one alone may have a mebibyte. */
const MOST_BYTES = 1024 * 1024;

async function sizesOf(reader: Reader, ids: readonly string[]): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.rows<{ id: string; size: number | string }>(
    `SELECT task_id AS id, LENGTH(summary) AS size FROM task_summaries WHERE task_id IN (${ids.map(() => '?').join(', ')})`,
    ids,
  );
  return new Map(rows.map(({ id, size }) => [id, Number(size)]));
}

/** Splits a page where its summaries become too large to be held together. */
function parts(page: readonly ListedTask[], sizes: ReadonlyMap<string, number>): ListedTask[][] {
  const all: ListedTask[][] = [];
  let part: ListedTask[] = [];
  let bytes = 0;
  for (const task of page) {
    const size = sizes.get(task.id) ?? 0;
    if (part.length > 0 && bytes + size > MOST_BYTES) {
      all.push(part);
      part = [];
      bytes = 0;
    }
    part.push(task);
    bytes += size;
  }
  if (part.length > 0) all.push(part);
  return all;
}

/** The same tasks with their summaries, in pages as large as their summaries allow. */
export async function* withSummaries(
  reader: Reader,
  pages: AsyncIterable<readonly ListedTask[]>,
): AsyncGenerator<SummarizedTask[]> {
  for await (const page of pages) {
    const sizes = await sizesOf(
      reader,
      page.filter(({ hasSummary }) => hasSummary === 1).map(({ id }) => id),
    );
    for (const part of parts(page, sizes)) {
      const found = await summariesByTasks(
        reader,
        part.filter(({ id }) => sizes.has(id)).map(({ id }) => id),
      );
      yield part.map((task) => ({ ...task, summary: found.get(task.id)?.summary.value ?? null }));
    }
  }
}
