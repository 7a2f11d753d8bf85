import type { Ctx } from '../../auth/actor.js';
import { checkReason } from '../../auth/reason.js';
import { locked } from '../../db/lock.js';
import type { Tx } from '../../db/transaction.js';
import { insertRows } from '../../db/write.js';
import {
  TransactionEntity,
  type TransactionRow,
  TransactionTombstoneEntity,
  type TransactionTombstoneRow,
} from '../../entities/ledger.js';
import { taskEventsChannel } from '../../events/numbering-bell.js';
import type { Outbox } from '../../events/outbox.js';
import { clip } from '../../lib/clip.js';
import { InvalidInputError, NotFoundError, StateError } from '../../lib/errors.js';
import { transactionByName } from '../read.js';
import { isOver } from '../statuses.js';
import { tellDeleted } from '../tell.js';
import { seesTransaction } from '../visible.js';
import { detach } from './remains.js';
import type { RetentionDeps } from './round.js';
import { findTombstone } from './tombstones.js';

/** What is to be deleted, and why. */
export interface TransactionDeletion {
  /** The global id or the serial number. */
  readonly id: string;
  readonly reason: string;
}

export interface TransactionDeleted {
  readonly tombstone: TransactionTombstoneRow;
  readonly outcome: 'DELETED' | 'ALREADY_DELETED';
}

export interface DeleteDeps extends RetentionDeps {
  readonly outbox: Outbox;
}

function requiredReason(given: string): string {
  const reason = checkReason(given.trim());
  if (reason !== null) return reason;
  throw new InvalidInputError([
    { path: ['reason'], message: 'Say why: the reason stays when the transaction is gone.' },
  ]);
}

async function lockTransaction(tx: Tx, id: string): Promise<TransactionRow | null> {
  const query = tx.manager.getRepository(TransactionEntity).createQueryBuilder('t').where({ id });
  return locked(tx, query).getOne();
}

async function countTasks(tx: Tx, id: string): Promise<number> {
  const [row] = await tx.rows<{ tasks: number | string }>(
    'SELECT COUNT(*) AS tasks FROM tasks WHERE transaction_id = ?',
    [id],
  );
  return Number(row?.tasks ?? 0);
}

async function bury(tx: Tx, ctx: Ctx, row: TransactionRow, reason: string): Promise<TransactionTombstoneRow> {
  const { id, number, kind, scope, externalId, name } = row;
  const tombstone: TransactionTombstoneRow = {
    ...{ id, number, kind, scope, externalId, name, reason },
    tasks: await countTasks(tx, id),
    deletedAt: await tx.now(),
    actorId: clip(ctx.actor.id, 64),
    actorName: clip(ctx.actor.name, 255),
    clearedAt: null,
  };
  await insertRows(tx, TransactionTombstoneEntity, [tombstone]);
  return tombstone;
}

async function deleteLocked(tx: Tx, deps: DeleteDeps, ctx: Ctx, row: TransactionRow, reason: string) {
  if (!isOver(row.status)) {
    const message = `${row.id} is ${row.status}: only a transaction that has ended can be deleted.`;
    throw new StateError('TRANSACTION_OPEN', message, ['id']);
  }
  const { id: subject, number, kind, project, name } = row;
  const tombstone = await bury(tx, ctx, row, reason);
  await detach(tx, deps.belongings, [row], true);
  await tellDeleted(tx, deps.outbox, row);
  deps.outbox.ringAfterCommit(tx, taskEventsChannel(subject));
  const detail = { reason, number, kind, name, tasks: tombstone.tasks };
  await deps.activity(tx, ctx, { action: 'transactionDelete', subject, project, outcome: 'OK', detail });
  tx.afterCommit(() => deps.onDeleted('transactions', 1));
  return tombstone;
}

/**
 * Deletes a transaction that is over, and leaves a tombstone. It is gone at once; what it had of tasks, events and output
 * goes in small batches afterwards (see `clearRemains`). Deleted once more, it changes nothing.
 *
 * Throws NotFoundError, InvalidInputError for a reason that is missing or too long, StateError TRANSACTION_OPEN.
 */
export async function deleteTransaction(
  deps: DeleteDeps,
  ctx: Ctx,
  { id, reason: given }: TransactionDeletion,
): Promise<TransactionDeleted> {
  const reason = requiredReason(given);
  const found = await transactionByName(deps.db.reader, id);
  if (found && !seesTransaction(ctx, found)) throw new NotFoundError('transaction', id);
  return deps.db.transaction(async (tx): Promise<TransactionDeleted> => {
    const row = found && (await lockTransaction(tx, found.id));
    if (row) return { tombstone: await deleteLocked(tx, deps, ctx, row, reason), outcome: 'DELETED' };
    const tombstone = await findTombstone(tx, ctx, found?.id ?? id);
    if (!tombstone) throw new NotFoundError('transaction', id);
    return { tombstone, outcome: 'ALREADY_DELETED' };
  });
}
