import { randomUUID } from 'node:crypto';
import type { Database } from '../db/database.js';
import { isDuplicate } from '../db/failures.js';
import type { Tx } from '../db/transaction.js';
import { groupPositions, type Position, positionsFrom } from './positions.js';
import { addCounts, type CountedEvent } from './task-counts.js';

/** A table whose rows get a position (`seq`) after their commit; a row without one has `seq` NULL. */
export interface NumberedStream {
  readonly table: 'events' | 'task_events';
  /** The guard row in `stream_heads`; it also counts the positions given. */
  readonly head: string;
  /**
   * The column whose values have a series of their own; null: the table is one series. A series goes on from its
   * highest position kept, so that row must outlive the others of its series.
   */
  readonly group: 'transaction_id' | null;
  /** Further columns that are read of each row, for what is derived with its number. */
  readonly columns: string;
  /** Derives what follows from rows, once, in the transaction that numbers them. */
  readonly derive: (tx: Tx, rows: readonly CountedEvent[]) => Promise<void>;
}

/** The event log: 1, 2, 3 ... over all rows. */
export const EVENT_STREAM: NumberedStream = {
  table: 'events',
  head: 'events',
  group: null,
  columns: 'NULL AS status_before, NULL AS status_after',
  derive: async () => {},
};

/** The task events: 1, 2, 3 ... within each transaction, whose tasks are counted by them. */
export const TASK_EVENT_STREAM: NumberedStream = {
  table: 'task_events',
  head: 'task_events',
  group: 'transaction_id',
  columns: 'status_before, status_after',
  derive: addCounts,
};

/** Gives positions to what has been committed. Any process may run it at any time; nobody leads. */
export interface Sequencer {
  /**
   * Numbers every row that was committed before the call; resolves with how many rows were numbered. Calls that meet
   * a run under way share the one after it. Rejects with the driver's error when the database is away.
   */
  run(): Promise<number>;
}

/** Rows of one transaction: short enough that nobody waits long for the guard row. */
const MOST_ROWS = 1_000;
/** Rows of one UPDATE. */
const CHUNK = 200;

interface Unnumbered extends CountedEvent {
  id: string;
}

async function ensureHead(db: Database, stream: NumberedStream): Promise<void> {
  const [found] = await db.reader.rows('SELECT name FROM stream_heads WHERE name = ?', [stream.head]);
  if (found) return;
  try {
    const sql = 'INSERT INTO stream_heads (name, epoch, last_seq) VALUES (?, ?, 0)';
    await db.transaction((tx) => tx.execute(sql, [stream.head, randomUUID()]));
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}

async function writePositions(tx: Tx, table: string, positions: readonly Position[]): Promise<void> {
  for (let from = 0; from < positions.length; from += CHUNK) {
    const chunk = positions.slice(from, from + CHUNK);
    const cases = chunk.map(() => 'WHEN ? THEN ?').join(' ');
    const marks = chunk.map(() => '?').join(', ');
    const values = [...chunk.flatMap(({ id, seq }) => [id, seq]), ...chunk.map(({ id }) => id)];
    await tx.execute(`UPDATE ${table} SET seq = CASE id ${cases} END WHERE id IN (${marks})`, values);
  }
}

async function highest(tx: Tx, stream: NumberedStream, series: readonly string[]): Promise<Map<string, number>> {
  const marks = series.map(() => '?').join(', ');
  const rows = await tx.rows<{ series: string; seq: number | string | null }>(
    `SELECT ${stream.group} AS series, MAX(seq) AS seq FROM ${stream.table} WHERE ${stream.group} IN (${marks}) GROUP BY ${stream.group}`,
    [...series],
  );
  return new Map(rows.map((row) => [row.series, Number(row.seq ?? 0)]));
}

/**
 * One transaction. The guard row is written first, not only locked: its lock makes the sequencers of one server queue,
 * and on Galera (where locks are local to a node) the loser of two conflicting writes is rolled back and runs again.
 * The rows are read by a plain SELECT, which sees what is committed and does not wait for a writer under way.
 */
async function numberSome(tx: Tx, stream: NumberedStream): Promise<number> {
  await tx.execute('UPDATE stream_heads SET last_seq = last_seq + 0 WHERE name = ?', [stream.head]);
  const [head] = await tx.rows<{ last: number | string }>('SELECT last_seq AS last FROM stream_heads WHERE name = ?', [
    stream.head,
  ]);
  const rows = await tx.rows<Unnumbered>(
    `SELECT id, ${stream.group ?? "''"} AS series, ${stream.columns} FROM ${stream.table} WHERE seq IS NULL ORDER BY id LIMIT ${MOST_ROWS}`,
  );
  if (rows.length === 0) return 0;
  const last = Number(head?.last ?? 0);
  const positions = stream.group
    ? groupPositions(rows, await highest(tx, stream, [...new Set(rows.map((row) => row.series))]))
    : positionsFrom(rows, last);
  await writePositions(tx, stream.table, positions);
  await stream.derive(tx, rows);
  await tx.execute('UPDATE stream_heads SET last_seq = ? WHERE name = ?', [last + rows.length, stream.head]);
  return rows.length;
}

/** The sequencer of one stream in this process. */
export function createSequencer(db: Database, stream: NumberedStream): Sequencer {
  let running: Promise<number> | undefined;
  let next: Promise<number> | undefined;
  let headIsThere = false;

  async function anyUnnumbered(): Promise<boolean> {
    const rows = await db.reader.rows(`SELECT id FROM ${stream.table} WHERE seq IS NULL LIMIT 1`);
    return rows.length > 0;
  }

  async function numberAll(): Promise<number> {
    let total = 0;
    if (!headIsThere) await ensureHead(db, stream);
    headIsThere = true;
    if (!(await anyUnnumbered())) return total;
    for (;;) {
      const done = await db.transaction((tx) => numberSome(tx, stream));
      total += done;
      if (done < MOST_ROWS) return total;
    }
  }

  function start(): Promise<number> {
    next = undefined;
    running = numberAll().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    run() {
      if (!running) return start();
      next ??= running.then(start, start);
      return next;
    },
  };
}
