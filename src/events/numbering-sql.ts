import type { Dialect } from '../db/data-source.js';
import { updateGiven } from '../db/given-table.js';
import { guardSql } from './head-guard.js';
import type { NumberedStream } from './numbered-stream.js';

/** Rows that one statement reads: a numbering is short enough that nobody waits long for the guard row. */
export const MOST_ROWS = 1_000;

/** The statements that give a stream its positions. */
export interface NumberingSql {
  /** Whether any row has no position. */
  readonly any: string;
  /** Writes the guard row. Value: the head. */
  readonly guard: string;
  /**
   * Rows without a position, at most MOST_ROWS, by series, each with the head's last position. They are those that are
   * committed: it does not wait for a writer under way. Value: the head.
   */
  readonly rows: string;
  /** The same of the series after one, and of those up to one. Values: the head, the series. */
  readonly rowsAfter: string;
  readonly rowsUpTo: string;
  /** The highest position of each of so many series. Values: each series twice. */
  highest(series: number): string;
  /** Writes positions. Value: a list of [id, position] as JSON. */
  readonly positions: string;
  /** Moves the head on. Values: its last position, the head. */
  readonly head: string;
}

function positionsSql(dialect: Dialect, table: string): string {
  const columns = { id: 'VARCHAR(64)', position: 'BIGINT' };
  const change = { set: 'seq = given.position', match: `${table}.id = given.id` };
  return updateGiven(dialect === 'sqlite', table, columns, change);
}

/**
 * The statements for a stream. They name their index: of a large table MariaDB would rather read every row in the order
 * asked for, until it has found enough that have no position.
 */
export function numberingSql(dialect: Dialect, stream: NumberedStream): NumberingSql {
  const { table, group, columns, index } = stream;
  const from = `FROM ${table} ${dialect === 'sqlite' ? `INDEXED BY ${index}` : `FORCE INDEX (${index})`}`;
  const last = '(SELECT last_seq FROM stream_heads WHERE name = ?) AS last';
  const selected = `SELECT id, ${group ?? "''"} AS series, ${columns}, ${last} ${from} WHERE seq IS NULL`;
  const some = `ORDER BY ${group ? `${group}, id` : 'id'} LIMIT ${MOST_ROWS}`;
  return {
    any: `SELECT id ${from} WHERE seq IS NULL LIMIT 1`,
    guard: guardSql(dialect),
    rows: `${selected} ${some}`,
    rowsAfter: `${selected} AND ${group} > ? ${some}`,
    rowsUpTo: `${selected} AND ${group} <= ? ${some}`,
    // One series each: that is the end of a range of its index, where groups of several would be read whole.
    highest: (series) =>
      new Array<string>(series)
        .fill(`SELECT ? AS series, MAX(seq) AS seq FROM ${table} WHERE ${group} = ?`)
        .join(' UNION ALL '),
    positions: positionsSql(dialect, table),
    head: 'UPDATE stream_heads SET last_seq = ? WHERE name = ?',
  };
}
