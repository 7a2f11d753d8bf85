import fc from 'fast-check';
import { TASK_STATUSES, TaskEntity, type TaskRow, type TaskStatus } from '../../src/entities/ledger.js';
import { SECOND } from '../../src/lib/time.js';
import { ADMIN } from '../kit/actors.js';
import { ctxOf, type World } from '../kit/world.js';

/** The tasks of each generated deployment's graph: two have one name, and one has none of its own. */
const GRAPH = [
  { id: 'g1', name: 'puppet' },
  { id: 'g2', name: 'puppet' },
  { id: 'hiera', name: 'hiera' },
  { id: 'überprüfen', name: 'überprüfen' },
  { id: 'Z', name: 'up load' },
] as const;
export const NODES = ['1', '2', '10', ''] as const;
export const NAMES = [...new Set(GRAPH.map(({ name }) => name))];

interface GeneratedEvent {
  task: number;
  node: string;
  attempt: number;
  status: TaskStatus;
  start: number;
  length: number;
}

/** A deployment as it is reported. */
export interface GeneratedDeployment {
  cluster: 0 | 1;
  announced: readonly number[];
  events: readonly GeneratedEvent[];
  end: 'READY' | 'ERROR' | 'STOPPED' | null;
}

const event = fc.record({
  // Most are about one task on one node, so that it has neighbours to differ from.
  task: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
  node: fc.constantFrom('1', '1', '1', ...NODES),
  attempt: fc.constantFrom(1, 1, 1, 2, 3),
  status: fc.constantFrom(...TASK_STATUSES.filter((status) => status !== 'LOST')),
  start: fc.nat(6),
  length: fc.constantFrom(0, 1, 1, 5, 20),
});

const deployment = fc.record<GeneratedDeployment>({
  cluster: fc.constantFrom(0, 0, 1),
  announced: fc.subarray([...GRAPH.keys()]),
  events: fc.array(event, { maxLength: 25 }),
  end: fc.constantFrom('READY', 'ERROR', 'STOPPED', null),
});

/** Some deployments of two clusters, with attempts of every status, equal times and gaps. */
export const histories = fc.array(deployment, { minLength: 2, maxLength: 5 });

/** What a history became in a world. */
export interface MadeHistory {
  readonly clusters: readonly [string, string];
  readonly transactions: readonly string[];
}

let made = 0;

/** Reports a history, and ends what ends. */
export async function makeHistory(world: World, history: readonly GeneratedDeployment[]): Promise<MadeHistory> {
  const ctx = ctxOf(ADMIN);
  const { reports, clusters } = world.services;
  made += 1;
  const names = [`generated-${made}-a`, `generated-${made}-b`] as const;
  const found = await Promise.all(names.map((externalId) => clusters.create(ctx, { externalId })));
  const transactions: string[] = [];
  for (const [index, { cluster, announced, events, end }] of history.entries()) {
    const tasks = announced.flatMap((task) => GRAPH[task] ?? []).map((task) => ({ ...task, nodes: ['1', '2'] }));
    const start = { cluster: names[cluster], externalId: String(index), graph: { tasks } };
    const { transaction } = await reports.start(ctx, start);
    const begun = Math.floor(world.clock.now() / SECOND) - 100;
    const told = events.map(({ task, node, attempt, status, start: at, length }) => ({
      graphTaskId: GRAPH[task]?.id,
      taskName: GRAPH[task]?.name,
      nodeId: node,
      attempt,
      status,
      ...(status === 'PENDING' || status === 'SKIPPED' ? {} : { timeStart: begun + at }),
      ...(status === 'READY' || status === 'ERROR' ? { timeEnd: begun + at + length } : {}),
    }));
    const taken = await reports.report(ctx, { transactionId: transaction.id, reportId: 'all', events: told });
    if (taken.refused.length > 0) throw new Error(JSON.stringify(taken.refused));
    if (end) await reports.end(ctx, { transactionId: transaction.id, status: end });
    transactions.push(transaction.id);
    // Some begin at the same moment.
    if (index % 2 === 0) world.clock.forward(2 * SECOND);
  }
  return { clusters: [found[0]?.cluster.id ?? '', found[1]?.cluster.id ?? ''], transactions };
}

/** Every row of a history, as the reference implementations read it. */
export async function rowsOf(world: World, { transactions }: MadeHistory): Promise<TaskRow[]> {
  const rows = await world.db.manager.getRepository(TaskEntity).find();
  return rows.filter(({ transactionId }) => transactions.includes(transactionId));
}
