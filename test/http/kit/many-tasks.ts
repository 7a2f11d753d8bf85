import { insertRows } from '../../../src/db/write.js';
import { TaskEntity, type TaskRow } from '../../../src/entities/ledger.js';
import { systemIds } from '../../../src/lib/ids.js';
import { START } from '../../kit/clock.js';
import type { World } from '../../kit/world.js';

/** The row of a task that is READY after a second. */
export function taskRow(transaction: { id: string; scope: string }, rest: Partial<TaskRow>): Omit<TaskRow, 'number'> {
  const timeStart = rest.timeStart === undefined ? START : rest.timeStart;
  return {
    id: systemIds.next('task'),
    transactionId: transaction.id,
    clusterId: transaction.scope.startsWith('project/') ? null : transaction.scope,
    scope: transaction.scope,
    graphTaskId: rest.taskName ?? 'task',
    taskName: 'task',
    nodeId: '1',
    attempt: 1,
    status: 'READY',
    reason: null,
    announced: true,
    timeStart,
    timeEnd: timeStart === null ? null : timeStart + 1_000,
    orderedAt: timeStart ?? START,
    exitCode: null,
    custom: null,
    hasSummary: false,
    closed: false,
    decidedAt: START,
    decidedBy: 'test',
    givenBy: null,
    createdAt: START,
    ...rest,
  };
}

/** Puts rows into the ledger past its door: as many as a test of long lists needs. */
export async function insertTasks(world: World, rows: readonly Omit<TaskRow, 'number'>[]): Promise<void> {
  const size = 5_000;
  for (let from = 0; from < rows.length; from += size) {
    await world.db.transaction((tx) => insertRows(tx, TaskEntity, rows.slice(from, from + size)));
  }
}
