import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ctx } from '../../auth/actor.js';
import { checkReason } from '../../auth/reason.js';
import { locked } from '../../db/lock.js';
import type { Tx } from '../../db/transaction.js';
import { checkListLength } from '../../db/where-in.js';
import { TransactionEntity, type TransactionRow } from '../../entities/ledger.js';
import { ConflictError, InvalidInputError, StateError } from '../../lib/errors.js';
import { apply } from '../apply.js';
import type { TaskPlace } from '../load.js';
import type { TaskReport } from '../report.js';
import { isOver } from '../statuses.js';
import type { IntakeDeps } from './deps.js';
import { deploymentById } from './find-deployment.js';
import { chosenTasks, type LastAttempt, type TasksByStatus, tasksByStatus } from './reset-selection.js';

/** The statuses that an attempt can have in a deployment that is over. */
export const ENDED_STATUSES = ['READY', 'ERROR', 'SKIPPED', 'LOST', 'STOPPED'] as const;
export type EndedStatus = (typeof ENDED_STATUSES)[number];

const FAILED: readonly EndedStatus[] = ['ERROR', 'LOST', 'STOPPED'];

type Maybe<T> = T | null | undefined;

/** Which tasks of a deployment are begun anew. */
export interface DeploymentReset {
  /** The global id or the serial number. */
  readonly id: string;
  /** These and no others, whatever became of them. */
  readonly tasks?: Maybe<readonly { graphTaskId: string; nodeId?: Maybe<string> }[]>;
  /** Else those whose newest attempt has one of these statuses; left out: ERROR, LOST, STOPPED. */
  readonly statuses?: Maybe<readonly EndedStatus[]>;
  /** And of these only those on these nodes. */
  readonly nodes?: Maybe<readonly string[]>;
  /** The attempt of the deployment that this begins: the same once more changes nothing. */
  readonly attempt?: Maybe<number>;
  readonly reason?: Maybe<string>;
}

export interface Reset {
  readonly transaction: TransactionRow;
  readonly outcome: 'RESET' | 'ALREADY_RESET' | 'NOTHING_TO_DO';
  /** How many tasks wait for their next attempt by this. */
  readonly tasks: number;
}

const MOST_TASKS = 1_000;

/** What is chosen, one way or the other. Throws InvalidInputError. */
function choiceOf({ tasks, statuses, nodes }: DeploymentReset): TaskPlace[] | TasksByStatus {
  if (tasks == null) {
    checkListLength(nodes, ['nodes']);
    return { statuses: [...new Set(statuses ?? FAILED)], nodes: nodes ?? null };
  }
  if (statuses != null || nodes != null) {
    const message = 'Choose by "tasks", or by "statuses" and "nodes", not by both.';
    throw new InvalidInputError([{ path: ['tasks'], message }]);
  }
  if (tasks.length > MOST_TASKS) {
    const message = `At most ${MOST_TASKS} tasks are chosen one by one, not ${tasks.length}.`;
    throw new InvalidInputError([{ path: ['tasks'], message }]);
  }
  return tasks.map(({ graphTaskId, nodeId }) => ({ graphTaskId, nodeId: nodeId ?? '' }));
}

async function* selected(
  tx: Tx,
  id: string,
  choice: readonly TaskPlace[] | TasksByStatus,
): AsyncGenerator<LastAttempt[]> {
  if (!('statuses' in choice)) yield await chosenTasks(tx, id, choice);
  else if (choice.nodes?.length !== 0) yield* tasksByStatus(tx, id, choice);
}

const nextAttempt = ({ attempt, ...task }: LastAttempt): TaskReport => ({
  ...task,
  attempt: attempt + 1,
  status: 'PENDING',
});

async function lockDeployment(tx: Tx, id: string): Promise<TransactionRow> {
  const query = tx.manager.getRepository(TransactionEntity).createQueryBuilder('t');
  const row = await locked(tx, query.where('t.id = :id', { id })).getOne();
  if (!row) throw new StateError('NOT_FOUND', `The deployment ${id} was deleted meanwhile.`, ['id']);
  return row;
}

/** Whether the attempt asked for was begun before. Throws ConflictError when it is not the next one, StateError. */
function wasReset({ id, attempts, status }: TransactionRow, attempt: Maybe<number>): boolean {
  if (attempt != null && attempt === attempts && attempts > 1) return true;
  if (attempt != null && attempt !== attempts + 1) {
    throw new ConflictError(`The next attempt of this deployment is ${attempts + 1}, not ${attempt}.`, ['attempt']);
  }
  if (isOver(status)) return false;
  throw new StateError('TRANSACTION_OPEN', `The deployment ${id} is ${status}: end it first.`, ['id']);
}

async function beginAnew(
  tx: Tx,
  deps: IntakeDeps,
  id: string,
  choice: readonly TaskPlace[] | TasksByStatus,
): Promise<number> {
  let count = 0;
  for await (const chunk of selected(tx, id, choice)) {
    if (chunk.length === 0) continue;
    const tasks = chunk.map(nextAttempt);
    await apply(tx, deps, [{ transactionId: id, reportId: null, tasks, ...(count === 0 ? { reset: true } : {}) }]);
    count += tasks.length;
    // SQLite writes in this process: others have their turn.
    await nextTurn();
  }
  return count;
}

/**
 * Begins tasks of a deployment that is over anew: each gets a PENDING attempt with the next number, its old attempts
 * stay, and the deployment is PENDING again, with one more attempt and no end. Where no task is chosen, nothing changes.
 *
 * Without `attempt` the same reset once more is refused, since the deployment is open by then; with it, it is
 * acknowledged. Throws InvalidInputError, NotFoundError, ConflictError (another attempt), StateError NOT_A_DEPLOYMENT,
 * TRANSACTION_OPEN.
 */
export async function resetDeployment(deps: IntakeDeps, ctx: Ctx, reset: DeploymentReset): Promise<Reset> {
  const choice = choiceOf(reset);
  const reason = checkReason(reset.reason);
  const { id } = await deploymentById(deps.db.reader, reset.id, 'id');
  return deps.db.transaction(async (tx) => {
    const before = await lockDeployment(tx, id);
    if (wasReset(before, reset.attempt)) return { transaction: before, outcome: 'ALREADY_RESET', tasks: 0 };
    const tasks = await beginAnew(tx, deps, id, choice);
    if (tasks === 0) return { transaction: before, outcome: 'NOTHING_TO_DO', tasks };
    const transaction = await lockDeployment(tx, id);
    const detail = { attempt: transaction.attempts, tasks, ...(reason === null ? {} : { reason }) };
    await deps.activity(tx, ctx, { action: 'transactionReset', subject: id, project: null, outcome: 'OK', detail });
    return { transaction, outcome: 'RESET', tasks };
  });
}
