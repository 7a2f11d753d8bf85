import type { Tx } from '../../db/transaction.js';
import type { TaskRow, TaskStatus } from '../../entities/ledger.js';
import { InvalidInputError } from '../../lib/errors.js';
import { attemptsOf, type TaskPlace } from '../load.js';

/** The newest attempt of a task, as far as another one is made of it. */
export type LastAttempt = Pick<TaskRow, 'graphTaskId' | 'taskName' | 'nodeId' | 'attempt' | 'announced'>;

/** Tasks begun anew by one statement's worth of work: a deployment may have a hundred thousand. */
const CHUNK = 500;

const keyOf = ({ graphTaskId, nodeId }: TaskPlace): string => JSON.stringify([graphTaskId, nodeId]);

/** The newest attempts of the chosen tasks, whatever became of them. Throws InvalidInputError for one that is not there. */
export async function chosenTasks(tx: Tx, transactionId: string, chosen: readonly TaskPlace[]): Promise<LastAttempt[]> {
  const newest = new Map<string, TaskRow>();
  for (const row of await attemptsOf(tx, transactionId, chosen)) {
    const other = newest.get(keyOf(row));
    if (!other || other.attempt < row.attempt) newest.set(keyOf(row), row);
  }
  const issues = chosen.flatMap((place, index) => {
    if (newest.has(keyOf(place))) return [];
    const where = place.nodeId === '' ? '' : ` on node "${place.nodeId}"`;
    return [{ path: ['tasks', index], message: `There is no task "${place.graphTaskId}"${where} in this deployment.` }];
  });
  if (issues.length > 0) throw new InvalidInputError(issues);
  return [...newest.values()].map(({ graphTaskId, taskName, nodeId, attempt, announced }) => {
    return { graphTaskId, taskName, nodeId, attempt, announced };
  });
}

/** Which newest attempts are begun anew. */
export interface TasksByStatus {
  readonly statuses: readonly TaskStatus[];
  /** On these nodes; null: on every one. */
  readonly nodes: readonly string[] | null;
}

type Row = Omit<LastAttempt, 'announced'> & { number: number; announced: number };

/**
 * The newest attempts with one of the statuses, in chunks, in the order of an index. Each chunk's tasks get their new
 * attempt before the next chunk is read.
 */
export async function* tasksByStatus(tx: Tx, transactionId: string, by: TasksByStatus): AsyncGenerator<LastAttempt[]> {
  const onNodes = by.nodes === null ? '' : ` AND t.node_id IN (${by.nodes.map(() => '?').join(', ')})`;
  for (const status of by.statuses) {
    for (let from = 0; ; ) {
      const rows: Row[] = await tx.rows<Row>(
        `SELECT t.number AS number, t.graph_task_id AS graphTaskId, t.task_name AS taskName, t.node_id AS nodeId,
           t.attempt AS attempt, t.announced AS announced
         FROM tasks t WHERE t.transaction_id = ? AND t.status = ? AND t.number > ?${onNodes} AND NOT EXISTS (
           SELECT 1 FROM tasks n WHERE n.transaction_id = t.transaction_id AND n.graph_task_id = t.graph_task_id
             AND n.node_id = t.node_id AND n.attempt > t.attempt)
         ORDER BY t.number LIMIT ${CHUNK}`,
        [transactionId, status, from, ...(by.nodes ?? [])],
      );
      if (rows.length > 0)
        yield rows.map(({ number: _number, announced, ...row }) => ({ ...row, announced: announced === 1 }));
      if (rows.length < CHUNK) break;
      from = rows.at(-1)?.number ?? 0;
    }
  }
}
