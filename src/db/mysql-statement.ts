import type { SqlValue } from './sql-value.js';

type Done = (error: Error | null, result: unknown) => void;

/** What is used of MySQL's driver: one of its connections, or a pool of them. */
export interface MysqlDoor {
  query(sql: string, values: SqlValue[], done: Done): void;
  execute(sql: string, values: SqlValue[], done: Done): void;
}

/** More values than this are a list that comes in every length: not worth a prepared statement of its own. */
const MOST_PREPARED_VALUES = 24;

/** How a statement that comes again and again is sent: prepared, which the server parses once for each connection. */
export const preparedWay = (values: readonly SqlValue[]): 'execute' | 'query' =>
  values.length > MOST_PREPARED_VALUES ? 'query' : 'execute';

/** Sends a statement; what TypeORM puts around one costs as much as a small statement itself. Throws the driver's error. */
export function mysqlStatement(
  door: MysqlDoor,
  way: 'query' | 'execute',
  sql: string,
  values: readonly SqlValue[],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    door[way](sql, [...values], (error, result) => (error ? reject(error) : resolve(result)));
  });
}
