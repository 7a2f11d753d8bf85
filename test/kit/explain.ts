import { expect } from 'vitest';
import type { RowQuery, SortColumn } from '../../src/db/row-query.js';

/** One table of a plan, as MariaDB and MySQL tell it. */
export interface Step {
  readonly table: string | null;
  readonly type: string;
  readonly key: string | null;
  readonly rows: string | number;
  readonly Extra: string | null;
}

/** How the first page of a list is read, in an order of properties that ascend. */
export function planOf<T extends object>(query: RowQuery<T>, order: readonly string[]): Promise<Step[]> {
  const columns: SortColumn[] = order.map((property) => ({ property, ascending: true }));
  const { sql, values } = query.statement('*', columns, 51);
  return query.reader.rows<Step>(`EXPLAIN ${sql}`, values);
}

/** The most rows that a step of a plan expects to read. */
export const mostRows = (steps: readonly Step[]): number =>
  Math.max(...steps.map(({ rows }) => Number.parseInt(String(rows ?? 0), 10)));

/** Fails where a table of a plan is read whole, and not by an index. */
export function expectIndexed(steps: readonly Step[]): void {
  for (const step of steps) {
    // What can fit no row reads no table.
    if (step.table === null) continue;
    expect(step.key, JSON.stringify(steps)).not.toBeNull();
    expect(step.type, JSON.stringify(steps)).not.toBe('ALL');
  }
}
