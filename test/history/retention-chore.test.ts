import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TASK_EVENT_STREAM } from '../../src/events/numbered-stream.js';
import { createSequencer } from '../../src/events/sequencer.js';
import { DAY, MINUTE } from '../../src/lib/time.js';
import { taskRow, transactionRow, writeHistory } from '../kit/history-rows.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { retain } from './ageing.js';
import { Reporter, rowsOf, unique } from './deployments.js';

const AGES = { rows: 10 * DAY, summaries: 5 * DAY, events: 2 * DAY };
const REPORTERS = 10;
const REPORTS = 6;
const NODES = 4;

const SHOWN = `{ serverInfo { historyRetention { rowsAge summariesAge eventsAge lastRun nextRun
  lastDeleted { transactions tasks summaries events reports } totalDeleted { tasks transactions } } } }`;
const ACTIVITY = `{ activity(filter: { action: "historyRetention" }, orderBy: { field: AT, direction: ASC }) {
  nodes { actor via subject detail } } }`;

describe.each(storeKinds())('the chore of retention (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store, history: AGES });
  });
  afterAll(() => world.close());

  /** A history of the past: ten transactions of four tasks that failed, and one of their successes. */
  async function past(clusterId: string): Promise<void> {
    const now = world.clock.now();
    const failed = Array.from({ length: 10 }, (_, index) => transactionRow({ clusterId }, now - (30 + index) * DAY));
    const nodes = Array.from({ length: NODES }, (_, node) => String(node));
    const tasks = failed.flatMap((row, place) =>
      nodes.map((nodeId, index) => {
        const status = place === 9 ? ('READY' as const) : ('ERROR' as const);
        return taskRow(row, index, { nodeId, taskName: 'deploy', status });
      }),
    );
    await writeHistory(world.db, failed, tasks);
  }

  it('deletes while ten reporters write, and loses nothing that they report, and no last success', async () => {
    const reporter = new Reporter(world);
    const cluster = unique('cluster');
    const deployments = await Promise.all(Array.from({ length: REPORTERS }, () => reporter.started({ cluster })));
    const [clusterId] = (
      await world.db.reader.rows<{ scope: string }>('SELECT scope FROM transactions WHERE id = ?', [
        deployments[0] ?? '',
      ])
    ).map(({ scope }) => scope);
    await past(clusterId ?? '');
    const write = async (id: string): Promise<void> => {
      for (let report = 0; report < REPORTS; report += 1) {
        const events = Array.from({ length: NODES }, (_, node) => {
          return { taskName: `task-${report}`, nodeId: String(node), status: 'ready', summary: { report } };
        });
        expect(await reporter.report(id, events)).toMatchObject({ outcome: 'TAKEN_IN', accepted: NODES, refused: [] });
      }
    };
    const deleting = (async () => {
      for (let round = 0; round < 5; round += 1) await retain(world, AGES);
    })();
    await Promise.all([...deployments.map(write), deleting]);
    await createSequencer(world.db, TASK_EVENT_STREAM).run();

    for (const id of deployments) {
      const rows = await rowsOf(world, id);
      expect(rows).toHaveLength(REPORTS * NODES);
      expect(rows.every(({ status, summary }) => status === 'READY' && summary !== null)).toBe(true);
      const counts = await world.services.history.counts([id]);
      expect(Object.fromEntries(counts.get(id) ?? [])).toEqual({ READY: REPORTS * NODES });
    }
    const kept = await world.db.reader.rows<{ status: string }>(
      "SELECT status FROM tasks WHERE scope = ? AND task_name = 'deploy'",
      [clusterId ?? ''],
    );
    expect(kept).toEqual(Array.from({ length: NODES }, () => ({ status: 'READY' })));
  });

  it('of two servers at once deletes and counts each row once', async () => {
    const clusterId = unique('cluster');
    await past(clusterId);
    const rounds = await Promise.all([retain(world, AGES), retain(world, AGES), retain(world, AGES)]);
    const total = (kind: 'tasks' | 'transactions') => rounds.reduce((sum, deleted) => sum + deleted[kind], 0);
    expect([total('transactions'), total('tasks')]).toEqual([9, 36]);
    const rows = await world.db.reader.rows('SELECT id FROM transactions WHERE scope = ?', [clusterId]);
    expect(rows).toHaveLength(1);
  });

  it('shows what it did: in the API, and in the activity where it deleted something', async () => {
    await past(unique('cluster'));
    await world.pass(11 * MINUTE);
    const { serverInfo } = await world.gql<{ serverInfo: { historyRetention: object } }>(SHOWN);
    const now = world.clock.now();
    expect(serverInfo.historyRetention).toEqual({
      rowsAge: 864_000,
      summariesAge: 432_000,
      eventsAge: 172_800,
      lastRun: new Date(now).toISOString(),
      nextRun: new Date(now + 10 * MINUTE).toISOString(),
      lastDeleted: { transactions: 9, tasks: 36, summaries: 0, events: 0, reports: 0 },
      totalDeleted: { tasks: 108, transactions: 27 },
    });
    const { activity } = await world.gql<{ activity: { nodes: { detail: object }[] } }>(ACTIVITY);
    const told = { transactions: 9, tasks: 36, summaries: 0, events: 0, reports: 0 };
    expect(activity.nodes.at(-1)).toEqual({ actor: 'orrery', via: 'SYSTEM', subject: null, detail: told });
    await world.pass(11 * MINUTE);
    const later = await world.gql<{ activity: { nodes: object[] } }>(ACTIVITY);
    expect(later.activity.nodes).toHaveLength(activity.nodes.length);
    const after = await world.gql<{ serverInfo: { historyRetention: object } }>(SHOWN);
    expect(after.serverInfo.historyRetention).toMatchObject({
      lastRun: new Date(world.clock.now()).toISOString(),
      lastDeleted: { transactions: 0, tasks: 0 },
      totalDeleted: { tasks: 108 },
    });
  });

  it('ends early when it is stopped, and goes on with the next round', async () => {
    const clusterId = unique('cluster');
    await past(clusterId);
    const ending = new AbortController();
    ending.abort();
    await retain(world, AGES, ending.signal);
    const rows = () => world.db.reader.rows('SELECT id FROM transactions WHERE scope = ?', [clusterId]);
    expect(await rows()).toHaveLength(10);
    await retain(world, AGES);
    expect(await rows()).toHaveLength(1);
  });
});
