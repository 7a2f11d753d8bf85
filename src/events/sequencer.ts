import { randomUUID } from 'node:crypto';
import type { Database } from '../db/database.js';
import { isDuplicate } from '../db/failures.js';
import type { Tx } from '../db/transaction.js';
import { pastFrozen } from './head-guard.js';
import type { NumberedStream } from './numbered-stream.js';
import { MOST_ROWS, type NumberingSql, numberingSql } from './numbering-sql.js';
import { groupPositions, positionsFrom } from './positions.js';
import type { CountedEvent } from './task-counts.js';

/** Gives positions to what has been committed. Any process may run it at any time; nobody leads. */
export interface Sequencer {
  /**
   * Numbers every row that was committed before the call; resolves with how many rows were numbered. Calls that meet
   * a run under way share the one after it. Who has just committed some says so: then nobody asks first whether there are
   * any. Rejects with the driver's error when the database is away.
   */
  run(thereAreSome?: boolean): Promise<number>;
}

interface Unnumbered extends CountedEvent {
  id: string;
  /** The head's last position. */
  last: number | string;
}

/** Series whose highest positions are looked up by one statement: SQLite takes at most 500 parts of a UNION. */
const MOST_SERIES = 200;

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

async function highest(tx: Tx, sql: NumberingSql, series: readonly string[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let from = 0; from < series.length; from += MOST_SERIES) {
    const some = series.slice(from, from + MOST_SERIES);
    const values = some.flatMap((name) => [name, name]);
    const rows = await tx.prepared<{ series: string; seq: number | string | null }>(sql.highest(some.length), values);
    for (const row of rows) found.set(row.series, Number(row.seq ?? 0));
  }
  return found;
}

/** Rows without a position. */
interface Portion {
  readonly rows: readonly Unnumbered[];
  /** The series after which to go on; undefined when these were all. */
  readonly reached: string | undefined;
}

/** Reads a portion: of the series after one, and of the others; where none is given, of the first ones. */
async function portionAfter(tx: Tx, sql: NumberingSql, head: string, series: string | undefined): Promise<Portion> {
  const read = (text: string, ...values: string[]): Promise<Unnumbered[]> => tx.prepared(text, [head, ...values]);
  const after = series === undefined ? await read(sql.rows) : await read(sql.rowsAfter, series);
  const upTo = series === undefined ? [] : await read(sql.rowsUpTo, series);
  const isFull = after.length === MOST_ROWS || upTo.length === MOST_ROWS;
  return { rows: [...after, ...upTo], reached: isFull ? (after.at(-1) ?? upTo.at(-1))?.series : undefined };
}

/**
 * One transaction. The guard row is written first, not only locked: its lock makes the sequencers of one server queue,
 * and on Galera (where locks are local to a node) the loser of two conflicting writes is rolled back and runs again.
 */
async function numberSome(tx: Tx, stream: NumberedStream, sql: NumberingSql, series?: string): Promise<Portion> {
  await tx.execute(sql.guard, [stream.head]);
  const portion = await portionAfter(tx, sql, stream.head, series);
  const { rows } = portion;
  if (rows.length === 0) return portion;
  const last = Number(rows[0]?.last ?? 0);
  const positions = stream.group
    ? groupPositions(rows, await highest(tx, sql, [...new Set(rows.map((row) => row.series))]))
    : positionsFrom(rows, last);
  await tx.execute(sql.positions, [JSON.stringify(positions.map(({ id, seq }) => [id, seq]))]);
  await stream.derive(tx, rows);
  await tx.execute(sql.head, [last + rows.length, stream.head]);
  return portion;
}

/** The sequencer of one stream in this process. */
export function createSequencer(db: Database, stream: NumberedStream): Sequencer {
  let running: Promise<number> | undefined;
  let next: Promise<number> | undefined;
  let headIsThere = false;
  const sql = numberingSql(db.dialect, stream);

  async function numberAll(thereAreSome: boolean): Promise<number> {
    if (!headIsThere) await ensureHead(db, stream);
    headIsThere = true;
    if (!thereAreSome && (await db.reader.prepared(sql.any, [])).length === 0) return 0;
    let total = 0;
    // Where much is waiting, series take turns: a large one holds up nobody else's.
    let series: string | undefined;
    for (;;) {
      const number = (): Promise<Portion> => db.transaction((tx) => numberSome(tx, stream, sql, series));
      const { rows, reached } = await pastFrozen(db, stream.head, number);
      total += rows.length;
      if (reached === undefined) return total;
      series = stream.group ? reached : undefined;
    }
  }

  function start(thereAreSome: boolean): Promise<number> {
    next = undefined;
    running = numberAll(thereAreSome).finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    run(thereAreSome = false) {
      if (!running) return start(thereAreSome);
      const startNext = (): Promise<number> => start(thereAreSome);
      next ??= running.then(startNext, startNext);
      return next;
    },
  };
}
