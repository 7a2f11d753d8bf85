import type { Reader } from '../../db/transaction.js';
import type { Sweep } from './progress.js';
import { BATCH, marks, type Purge } from './work.js';

/** An event that has its number. */
export interface OldEvent {
  readonly id: string;
  readonly transactionId: string;
  readonly seq: number;
  /** When it was received. */
  readonly at: number;
}

/** The lowest and the highest number of a transaction's events. */
export interface Bounds {
  readonly lowest: number;
  readonly highest: number;
}

/** What becomes of old events. */
export interface Verdict {
  readonly going: readonly string[];
  /** Transactions, events of which stand behind others that were not given. */
  readonly behind: readonly string[];
}

/**
 * Of old events those that go: from each transaction's lowest number on, so that what is kept has no hole. The highest
 * stays, because numbering goes on from it. Pure.
 */
export function goingEvents(events: readonly OldEvent[], bounds: ReadonlyMap<string, Bounds>): Verdict {
  const verdict = { going: [] as string[], behind: new Set<string>() };
  const next = new Map([...bounds].map(([id, { lowest }]) => [id, lowest]));
  for (const { id, transactionId, seq } of events.toSorted((a, b) => a.seq - b.seq)) {
    if (seq >= (bounds.get(transactionId)?.highest ?? 0)) continue;
    if (seq === next.get(transactionId)) {
      verdict.going.push(id);
      next.set(transactionId, seq + 1);
    } else verdict.behind.add(transactionId);
  }
  return { going: verdict.going, behind: [...verdict.behind] };
}

type Stored = Omit<OldEvent, 'seq' | 'at'> & { seq: number | string | null; at: number | string };

const COLUMNS = 'id, transaction_id AS transactionId, seq, received_at AS at';
const OLD = `SELECT ${COLUMNS} FROM task_events WHERE received_at >= ? AND received_at < ? AND (received_at > ? OR id > ?)
  ORDER BY received_at, id LIMIT ${BATCH}`;
const LOWEST = `SELECT ${COLUMNS} FROM task_events WHERE transaction_id = ? AND seq > 0 ORDER BY seq LIMIT ${BATCH}`;

/** Transactions whose bounds one statement asks for. */
const CHUNK = 100;

const PAIR = (index: number): string =>
  `(SELECT MIN(seq) FROM task_events WHERE transaction_id = ? AND seq > 0) AS l${index},
   (SELECT MAX(seq) FROM task_events WHERE transaction_id = ? AND seq > 0) AS h${index}`;

/** Two entries of an index for each transaction. */
async function boundsOf(reader: Reader, ids: readonly string[]): Promise<Map<string, Bounds>> {
  const found = new Map<string, Bounds>();
  for (let from = 0; from < ids.length; from += CHUNK) {
    const chunk = ids.slice(from, from + CHUNK);
    const [row] = await reader.rows<Record<string, number | string | null>>(
      `SELECT ${chunk.map((_id, index) => PAIR(index)).join(', ')}`,
      chunk.flatMap((id) => [id, id]),
    );
    for (const [index, id] of chunk.entries()) {
      found.set(id, { lowest: Number(row?.[`l${index}`] ?? 0), highest: Number(row?.[`h${index}`] ?? 0) });
    }
  }
  return found;
}

const numbered = (rows: readonly Stored[]): OldEvent[] =>
  rows.flatMap((row) => (row.seq === null ? [] : { ...row, seq: Number(row.seq), at: Number(row.at) }));

async function deleteEvents(purge: Purge, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await purge.db.transaction(async (tx) => {
    const deleted = await tx.execute(`DELETE FROM task_events WHERE id IN (${marks(ids)})`, ids);
    tx.afterCommit(() => purge.count('events', deleted));
  });
}

/** Deletes the old events of one transaction, from its lowest number up to the first that is young, or to its newest. */
async function purgeFrom(purge: Purge, transactionId: string, before: number): Promise<void> {
  const { reader } = purge.db;
  const highest = (await boundsOf(reader, [transactionId])).get(transactionId)?.highest ?? 0;
  for (let going: OldEvent[] | null = null; !purge.signal.aborted && (going?.length ?? BATCH) === BATCH; ) {
    const lowest = numbered(await reader.rows<Stored>(LOWEST, [transactionId]));
    const end = lowest.findIndex(({ at, seq }) => at >= before || seq >= highest);
    going = end < 0 ? lowest : lowest.slice(0, end);
    await deleteEvents(
      purge,
      going.map(({ id }) => id),
    );
  }
}

/** Those of these transactions that are not open. */
async function notOpen(reader: Reader, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const sql = `SELECT id FROM transactions WHERE id IN (${marks(ids)}) AND status IN ('PENDING', 'RUNNING')`;
  const open = new Set((await reader.rows<{ id: string }>(sql, ids)).map(({ id }) => id));
  return ids.filter((id) => !open.has(id));
}

/**
 * Deletes events that were received before `before`, but those of open transactions, the newest of each transaction and
 * those without a number.
 */
export async function purgeEvents(purge: Purge, sweep: Sweep, before: number): Promise<Sweep> {
  let last = { id: '', at: sweep.position };
  while (!purge.signal.aborted) {
    const rows = await purge.db.reader.rows<Stored>(OLD, [last.at, before, last.at, last.id]);
    const events = numbered(rows);
    const over = await notOpen(purge.db.reader, [...new Set(events.map(({ transactionId }) => transactionId))]);
    const bounds = await boundsOf(purge.db.reader, over);
    const { going, behind } = goingEvents(
      events.filter(({ transactionId }) => bounds.has(transactionId)),
      bounds,
    );
    await deleteEvents(purge, going);
    for (const id of behind) await purgeFrom(purge, id, before);
    const end = rows.at(-1);
    if (end) last = { id: end.id, at: Number(end.at) };
    if (rows.length < BATCH) break;
  }
  return { ...sweep, position: last.at };
}
