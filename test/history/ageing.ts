import { insertRows } from '../../src/db/write.js';
import {
  type TaskStatus,
  TransactionCountsEntity,
  TransactionInputEntity,
  type TransactionStatus,
} from '../../src/entities/ledger.js';
import { JobRunEntity, RunOutputAttemptEntity, RunOutputEntity } from '../../src/entities/run.js';
import { retainHistory } from '../../src/history/retention/round.js';
import type { Ages, Deleted } from '../../src/history/retention/rules.js';
import { runBelongings } from '../../src/jobs/run-belongings.js';
import type { NewTask, NewTransaction } from '../kit/history-rows.js';
import type { World } from '../kit/world.js';

const FOR_EVER: Ages = { rows: 0, summaries: 0, events: 0 };

/** What retention in a world stands on, with what it tells of its batches. */
export function retentionDeps(
  world: World,
  ages: Partial<Ages>,
  onDeleted: (kind: string, rows: number) => void = () => {},
) {
  return { ...world.deps, ages: { ...FOR_EVER, ...ages }, belongings: [runBelongings(world.deps)], onDeleted };
}

/** One round of retention. */
export function retain(world: World, ages: Partial<Ages>, signal = new AbortController().signal): Promise<Deleted> {
  return retainHistory(retentionDeps(world, ages), signal);
}

/** What a run of a job has beside its transaction: its assignment, some output, and its counts and input. */
export async function writeRunRows(
  world: World,
  { id, project, createdAt: at }: NewTransaction,
  pieces = 3,
): Promise<void> {
  const run = {
    ...{
      id,
      jobId: 'job_old',
      project: project ?? 'default',
      clientKey: '1',
      jobRevision: 1,
      trigger: 'MANUAL' as const,
    },
    ...{ scheduledFor: null, state: 'ENDED' as const, status: 'READY' as const, result: 'SUCCESS' as const },
    ...{ startedAt: at, endedAt: at, actions: [], actionDefaults: {}, createdAt: at, waitUntil: null },
    ...{ leaseOwner: null, leaseUntil: null, fence: 1, abortRequestedAt: null, abortReason: null, requestedBy: null },
    ...{ nextAttemptAt: null, progressSequence: 0, outputPosition: pieces, outputBytes: pieces, outputLines: 0 },
  };
  const piece = { runId: id, taskId: `task_of_${id}`, attempt: 1, stream: 'STDOUT' as const, text: 'x', at };
  const counted = { bytesBefore: 0, linesBefore: 0, cutBytes: 0, cutLines: 0 };
  const output = Array.from({ length: pieces }, (_, index) => ({
    ...{ ...piece, ...counted, position: index + 1, sequence: index + 1 },
  }));
  const attempt = { lastSequence: pieces, bytesBefore: 0, headPosition: 0, headBytes: 0, headLines: 0, tailFrom: 0 };
  const counts = { pending: 0, running: 0, ready: 1, error: 0, skipped: 0, lost: 0, stopped: 0 };
  await world.db.transaction(async (tx) => {
    await insertRows(tx, JobRunEntity, [run]);
    await insertRows(tx, RunOutputEntity, output);
    await insertRows(tx, RunOutputAttemptEntity, [{ taskId: piece.taskId, runId: id, ...attempt }]);
    await insertRows(tx, TransactionCountsEntity, [{ transactionId: id, ...counts }]);
    await insertRows(tx, TransactionInputEntity, [{ transactionId: id, graph: null, settings: {} }]);
  });
}

const TABLES = {
  transactions: 'id',
  transaction_counts: 'transaction_id',
  transaction_inputs: 'transaction_id',
  transaction_remains: 'transaction_id',
  tasks: 'transaction_id',
  task_events: 'transaction_id',
  reports: 'transaction_id',
  job_runs: 'id',
  run_output: 'run_id',
  run_output_attempts: 'run_id',
} as const;

/** In which tables there are rows of a transaction, and how many; summaries are found by its tasks. */
export async function traces(world: World, id: string): Promise<Record<string, number>> {
  const found: [string, number][] = [];
  for (const [table, column] of Object.entries(TABLES)) {
    const [row] = await world.db.reader.rows<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table} WHERE ${column} = ?`, [
      id,
    ]);
    if (Number(row?.n) > 0) found.push([table, Number(row?.n)]);
  }
  return Object.fromEntries(found);
}

const OVER: readonly TransactionStatus[] = ['READY', 'ERROR', 'STOPPED', 'LOST'];
const DONE: TaskStatus = 'READY';

/** What must be left of a history after retention by `before`, worked out plainly: the ids of transactions and tasks. */
export function keptPlainly(
  transactions: readonly NewTransaction[],
  tasks: readonly NewTask[],
  before: number,
): { transactions: Set<string>; tasks: Set<string> } {
  const best = new Map<string, { at: number; place: number; id: string }>();
  for (const [place, { id, scope, nodeId, taskName, status, orderedAt: at }] of tasks.entries()) {
    const key = `${scope}|${nodeId}|${taskName}`;
    const known = best.get(key);
    if (status === DONE && (!known || at > known.at || (at === known.at && place > known.place))) {
      best.set(key, { at, place, id });
    }
  }
  const last = new Set([...best.values()].map(({ id }) => id));
  const kept = { transactions: new Set<string>(), tasks: new Set<string>() };
  for (const { id, kind, status, createdAt, timeEnd } of transactions) {
    const own = tasks.filter(({ transactionId }) => transactionId === id);
    const aged = OVER.includes(status) && createdAt < before && (timeEnd === null || timeEnd < before);
    const stays = own.filter((task) => !aged || task.createdAt >= before || last.has(task.id));
    const left = kind === 'JOB_RUN' && stays.length > 0 ? own : stays;
    if (left.length > 0 || !aged) kept.transactions.add(id);
    for (const task of left) kept.tasks.add(task.id);
  }
  return kept;
}
