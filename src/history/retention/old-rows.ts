import { In } from 'typeorm';
import { locked } from '../../db/lock.js';
import type { Reader, Tx } from '../../db/transaction.js';
import { TransactionEntity, type TransactionRow } from '../../entities/ledger.js';
import { lastSuccesses } from './last-success.js';
import type { Sweep } from './progress.js';
import { clearRemains, deleteTasks, detach } from './remains.js';
import { type AgedTask, goingTasks, isAged } from './rules.js';
import { BATCH, marks, type Purge } from './work.js';

/** Transactions looked at by one statement, and taken together where their tasks are few. */
const CHUNK = 200;
const TOGETHER = 20;

type Candidate = Pick<TransactionRow, 'number' | 'id' | 'kind' | 'status' | 'createdAt' | 'timeEnd'>;

async function transactionsAfter(reader: Reader, number: number): Promise<Candidate[]> {
  const rows = await reader.rows<Candidate>(
    `SELECT number, id, kind, status, created_at AS createdAt, time_end AS timeEnd FROM transactions
     WHERE number > ? ORDER BY number LIMIT ${CHUNK}`,
    [number],
  );
  return rows.map((row) => ({
    ...row,
    number: Number(row.number),
    createdAt: Number(row.createdAt),
    timeEnd: row.timeEnd === null ? null : Number(row.timeEnd),
  }));
}

const COLUMNS = `number, id, transaction_id AS transactionId, scope, node_id AS nodeId, task_name AS taskName, status,
  created_at AS createdAt`;

async function tasksIn(reader: Reader, where: string, values: readonly (string | number)[]): Promise<AgedTask[]> {
  const rows = await reader.rows<AgedTask>(`SELECT ${COLUMNS} FROM tasks WHERE ${where}`, values);
  return rows.map((row) => ({ ...row, number: Number(row.number), createdAt: Number(row.createdAt) }));
}

/** Those of the transactions that are still there and aged, locked against a report meanwhile. */
async function lockAged(tx: Tx, ids: readonly string[], before: number): Promise<TransactionRow[]> {
  const query = tx.manager
    .getRepository(TransactionEntity)
    .createQueryBuilder('t')
    .where({ id: In([...ids]) });
  const rows = await locked(tx, query.orderBy('t.id')).getMany();
  return rows.filter((row) => isAged(row, before));
}

const isWhole = (purge: Purge, { kind }: Pick<Candidate, 'kind'>): boolean =>
  purge.belongings.some((one) => one.kind === kind);

/** Decides on transactions whose tasks are few, in one transaction; those without any task left go too. */
async function purgeFew(purge: Purge, candidates: readonly Candidate[], before: number): Promise<void> {
  const ids = candidates.map(({ id }) => id);
  await purge.db.transaction(async (tx) => {
    const aged = await lockAged(tx, ids, before);
    if (aged.length === 0) return;
    const agedIds = aged.map(({ id }) => id);
    const tasks = await tasksIn(tx, `transaction_id IN (${marks(agedIds)})`, agedIds);
    const last = await lastSuccesses(tx, tasks);
    const going: AgedTask[] = [];
    const empty: TransactionRow[] = [];
    for (const row of aged) {
      const own = tasks.filter(({ transactionId }) => transactionId === row.id);
      const gone = goingTasks(own, last, before, isWhole(purge, row));
      going.push(...gone);
      if (gone.length === own.length) empty.push(row);
    }
    const deleted = await deleteTasks(tx, going);
    await detach(tx, purge.belongings, empty);
    tx.afterCommit(() => {
      purge.count('tasks', deleted.tasks);
      purge.count('summaries', deleted.summaries);
      purge.count('transactions', empty.length);
    });
  });
}

/** Takes the tasks of a transaction of many, a part at a time: those after a number. `take` says after which to go on. */
async function eachPart(signal: AbortSignal, take: (after: number) => Promise<number | null>): Promise<void> {
  for (let after: number | null = 0; after !== null && !signal.aborted; ) after = await take(after);
}

const PART = `transaction_id = ? AND number > ? ORDER BY number LIMIT ${BATCH}`;

const nextAfter = (part: readonly AgedTask[]): number | null =>
  part.length < BATCH ? null : (part.at(-1)?.number ?? null);

/** Whether some task of a transaction must stay. */
async function keepsSome(purge: Purge, { id }: Candidate, before: number): Promise<boolean> {
  const { reader } = purge.db;
  let keeps = false;
  await eachPart(purge.signal, async (after) => {
    const part = await tasksIn(reader, PART, [id, after]);
    keeps = goingTasks(part, await lastSuccesses(reader, part), before, false).length < part.length;
    return keeps ? null : nextAfter(part);
  });
  return keeps;
}

/** Deletes the tasks of one transaction of many, a batch in a transaction. */
async function purgeMany(purge: Purge, candidate: Candidate, before: number): Promise<void> {
  const { id } = candidate;
  if (isWhole(purge, candidate) && (await keepsSome(purge, candidate, before))) return;
  await eachPart(purge.signal, (after) =>
    purge.db.transaction(async (tx) => {
      const [aged] = await lockAged(tx, [id], before);
      if (!aged) return null;
      const part = await tasksIn(tx, PART, [id, after]);
      const deleted = await deleteTasks(tx, goingTasks(part, await lastSuccesses(tx, part), before, false));
      tx.afterCommit(() => {
        purge.count('tasks', deleted.tasks);
        purge.count('summaries', deleted.summaries);
      });
      return nextAfter(part);
    }),
  );
}

/** Whether the transactions have more tasks than one batch together. */
async function haveMany(reader: Reader, ids: readonly string[]): Promise<boolean> {
  const sql = `SELECT number FROM tasks WHERE transaction_id IN (${marks(ids)}) LIMIT ${BATCH + 1}`;
  return (await reader.rows(sql, ids)).length > BATCH;
}

async function purgeGroup(purge: Purge, group: readonly Candidate[], before: number): Promise<void> {
  const [first] = group;
  if (!first || purge.signal.aborted) return;
  const ids = group.map(({ id }) => id);
  if (!(await haveMany(purge.db.reader, ids))) return purgeFew(purge, group, before);
  if (group.length === 1) {
    await purgeMany(purge, first, before);
    if (!(await haveMany(purge.db.reader, ids))) await purgeFew(purge, group, before);
    return;
  }
  const half = Math.ceil(group.length / 2);
  await purgeGroup(purge, group.slice(0, half), before);
  await purgeGroup(purge, group.slice(half), before);
}

/**
 * Deletes the rows of transactions that ended before `before`, but last successes; transactions of which nothing is left
 * go with everything that belongs to them. Walks by number, from the sweep's position to the first that is young; returns
 * how far it came.
 */
export async function purgeRows(purge: Purge, sweep: Sweep, before: number): Promise<Sweep> {
  let { position } = sweep;
  for (let after = position; !purge.signal.aborted; ) {
    const chunk = await transactionsAfter(purge.db.reader, after);
    const aged = chunk.filter((row) => isAged(row, before));
    for (let from = 0; from < aged.length; from += TOGETHER) {
      await purgeGroup(purge, aged.slice(from, from + TOGETHER), before);
    }
    await clearRemains(purge);
    if (purge.signal.aborted) break;
    const young = chunk.findIndex(({ createdAt }) => createdAt >= before);
    const passed = young < 0 ? chunk : chunk.slice(0, young);
    position = passed.at(-1)?.number ?? position;
    after = chunk.at(-1)?.number ?? after;
    if (chunk.length < CHUNK || young >= 0) break;
  }
  return { ...sweep, position };
}
