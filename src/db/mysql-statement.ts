import type { SqlValue } from './sql-value.js';

type Done = (error: Error | null, result: unknown) => void;

/** What the driver takes for a `?`: a value, or (in a text that is not prepared) rows of values. */
export type DriverValue = SqlValue | readonly (readonly SqlValue[])[];

/** What is used of MySQL's driver: one of its connections, or a pool of them. */
export interface MysqlDoor {
  query(sql: string, values: DriverValue[], done: Done): void;
  execute(sql: string, values: DriverValue[], done: Done): void;
}

/** More values than this are a list that comes in every length: not worth a prepared statement of its own. */
const MOST_PREPARED_VALUES = 24;

/** Longer lists come in multiples of this length, so that their texts are few: the last value is repeated. */
const PADDED = 50;
const MOST_PADDED = 500;

/** Selections that a statement is put together of come in few numbers up to here. */
const MOST_PREPARED_PARTS = 16;

/** Whether a statement of so many values, in so many parts alike, is worth preparing. */
export function isWorthPreparing(values: number, parts = 1): boolean {
  const most = parts <= MOST_PREPARED_PARTS ? parts * MOST_PREPARED_VALUES : MOST_PREPARED_VALUES;
  return values <= most || (values % PADDED === 0 && values <= MOST_PADDED);
}

/** How a statement that comes again and again is sent: prepared, which the server parses once for each connection. */
export function preparedWay({ length }: readonly SqlValue[], parts?: number): 'execute' | 'query' {
  return isWorthPreparing(length, parts) ? 'execute' : 'query';
}

/** The values of an `IN` list, repeated up to a length that is worth a prepared statement. */
export function paddedList<T extends SqlValue>(values: readonly T[]): readonly T[] {
  const { length } = values;
  const last = values.at(-1);
  const missing = (PADDED - (length % PADDED)) % PADDED;
  if (last === undefined || length <= MOST_PREPARED_VALUES || length > MOST_PADDED) return values;
  return [...values, ...new Array<T>(missing).fill(last)];
}

/** Sends a statement; what TypeORM puts around one costs as much as a small statement itself. Throws the driver's error. */
export function mysqlStatement(
  door: MysqlDoor,
  way: 'query' | 'execute',
  sql: string,
  values: readonly DriverValue[],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    door[way](sql, [...values], (error, result) => (error ? reject(error) : resolve(result)));
  });
}
