import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TASK_EVENT_STREAM } from '../../src/events/numbered-stream.js';
import { createSequencer } from '../../src/events/sequencer.js';
import { goingEvents, type OldEvent } from '../../src/history/retention/old-events.js';
import { DAY, HOUR, MINUTE } from '../../src/lib/time.js';
import { transactionRow, writeHistory } from '../kit/history-rows.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { retain } from './ageing.js';
import { Reporter, unique } from './deployments.js';

const eventOf = (seq: number): OldEvent => ({ id: `e${seq}`, transactionId: 't', seq, at: 0 });

describe('the events that go', () => {
  it('are the lowest numbers of a transaction without a hole, and never the highest', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        numbers,
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 30 }),
        (seqs, lowest, highest) => {
          const bounds = new Map([['t', { lowest, highest }]]);
          const given = seqs.filter((seq) => seq >= lowest && seq <= highest);
          const { going, behind } = goingEvents(given.map(eventOf), bounds);
          const run = Array.from({ length: 30 }, (_, index) => lowest + index);
          const end = run.findIndex((seq) => !given.includes(seq) || seq >= highest);
          expect(going).toEqual(run.slice(0, end).map((seq) => `e${seq}`));
          const left = given.filter((seq) => seq < highest && !going.includes(`e${seq}`));
          expect(behind).toEqual(left.length > 0 ? ['t'] : []);
        },
      ),
    );
  });
});

describe.each(storeKinds())('retention of events, reports and summaries (%s)', (store) => {
  let world: World;
  let reporter: Reporter;
  beforeAll(async () => {
    // Nothing is numbered but by a commit of its own or by `numbered`.
    world = await createWorld({ store, interval: HOUR });
    reporter = new Reporter(world);
  });
  afterAll(() => world.close());

  const numbered = () => createSequencer(world.db, TASK_EVENT_STREAM).run();
  const step = (status: string, rest: object = {}) => ({ taskName: 'a', nodeId: '1', status, ...rest });

  async function seqs(id: string): Promise<(number | null)[]> {
    const rows = await world.db.reader.rows<{ seq: number | null }>(
      'SELECT seq FROM task_events WHERE transaction_id = ? ORDER BY seq, id',
      [id],
    );
    return rows.map(({ seq }) => (seq === null ? null : Number(seq)));
  }

  async function rowsIn(table: string, id: string): Promise<number> {
    const sql = `SELECT COUNT(*) AS n FROM ${table} WHERE transaction_id = ?`;
    const [row] = await world.db.reader.rows<{ n: number }>(sql, [id]);
    return Number(row?.n);
  }

  it('deletes old events but the newest, from which the numbers go on', async () => {
    const id = await reporter.started();
    for (const status of ['running', 'error', 'ready']) await reporter.report(id, [step(status)]);
    await reporter.tell('end', { transactionId: id, status: 'ERROR' });
    await numbered();
    world.clock.forward(31 * DAY);
    await retain(world, { events: 30 * DAY });
    expect(await seqs(id)).toEqual([3]);
    await reporter.report(id, [step('error', { nodeId: '2' })]);
    await numbered();
    expect(await seqs(id)).toEqual([3, 4]);
    world.clock.forward(31 * DAY);
    await retain(world, { events: 30 * DAY });
    expect(await seqs(id)).toEqual([4]);
    await reporter.report(id, [step('ready', { nodeId: '2' })]);
    await numbered();
    expect(await seqs(id)).toEqual([4, 5]);
    const counts = await world.services.history.counts([id]);
    expect(Object.fromEntries(counts.get(id) ?? [])).toEqual({ ERROR: 2 });
  });

  it('keeps every event of an open deployment, until it is over', async () => {
    const id = await reporter.started();
    for (const status of ['running', 'error', 'ready']) await reporter.report(id, [step(status)]);
    await numbered();
    world.clock.forward(40 * DAY);
    await retain(world, { events: 30 * DAY });
    expect(await seqs(id)).toEqual([1, 2, 3]);
    await reporter.tell('end', { transactionId: id, status: 'READY' });
    world.clock.forward(DAY);
    await retain(world, { events: 30 * DAY });
    expect(await seqs(id)).toEqual([3]);
  });

  it('does not touch events without a number', async () => {
    // In a world where nobody reported anything, so that no commit numbers it.
    const quiet = await createWorld({ store, interval: HOUR });
    try {
      const old = transactionRow({ project: 'default' }, quiet.clock.now() - 90 * DAY);
      await writeHistory(quiet.db, [old], []);
      await quiet.db.transaction((tx) => {
        const columns = 'id, transaction_id, seq, task_id, attempt, status, received_at, report_id';
        const values = [unique('tev'), old.id, null, 'task_x', 1, 'READY', old.createdAt, 'r'];
        return tx.execute(`INSERT INTO task_events (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, values);
      });
      await retain(quiet, { events: 30 * DAY });
      const left = 'SELECT seq FROM task_events WHERE transaction_id = ?';
      expect(await quiet.db.reader.rows(left, [old.id])).toEqual([{ seq: null }]);
    } finally {
      await quiet.close();
    }
  });

  it('deletes thousands of one instant in small batches, and comes back to what stood behind a younger one', async () => {
    const id = await reporter.started();
    for (let batch = 0; batch < 2; batch += 1) {
      await reporter.report(
        id,
        Array.from({ length: 800 }, (_, node) => step('ready', { nodeId: `${batch}-${node}` })),
      );
    }
    await reporter.tell('end', { transactionId: id, status: 'STOPPED' });
    await numbered();
    await world.db.transaction((tx) =>
      tx.execute('UPDATE task_events SET received_at = ? WHERE transaction_id = ? AND seq = 700', [
        world.clock.now() + MINUTE,
        id,
      ]),
    );
    world.clock.forward(30 * DAY + 1);
    const from = world.statements.length;
    await retain(world, { events: 30 * DAY });
    expect((await seqs(id)).length).toBe(1_600 - 699);
    world.clock.forward(2 * MINUTE);
    await retain(world, { events: 30 * DAY });
    expect(await seqs(id)).toEqual([1_600]);
    const deletions = world.statements.slice(from).filter((sql) => sql.startsWith('DELETE'));
    for (const sql of deletions) expect(sql.split('?').length - 1).toBeLessThanOrEqual(500);
  });

  it('forgets old reports, but those of open deployments', async () => {
    const [open, over] = [await reporter.started(), await reporter.started()];
    for (const id of [open, over]) await reporter.report(id, [step('running')], 'same');
    await reporter.tell('end', { transactionId: over, status: 'READY' });
    world.clock.forward(31 * DAY);
    await retain(world, { events: 30 * DAY });
    expect([await rowsIn('reports', open), await rowsIn('reports', over)]).toEqual([1, 0]);
    expect(await reporter.report(open, [step('running')], 'same')).toMatchObject({ outcome: 'REPEATED' });
    await reporter.tell('end', { transactionId: open, status: 'READY' });
    world.clock.forward(DAY + HOUR);
    await retain(world, { events: 30 * DAY });
    expect(await rowsIn('reports', open)).toBe(0);
  });

  it('deletes old summaries, and their tasks say that they have none; not of open deployments, nor newer ones', async () => {
    const [open, over] = [await reporter.started(), await reporter.started()];
    for (const id of [open, over]) {
      await reporter.report(id, [step('error', { summary: 'old' }), step('error', { nodeId: '2', summary: 'old' })]);
    }
    await reporter.tell('end', { transactionId: over, status: 'ERROR' });
    world.clock.forward(91 * DAY);
    await reporter.report(over, [step('error', { nodeId: '2', summary: 'new' })]);
    await retain(world, { summaries: 90 * DAY });
    const shown = 'query ($id: ID!) { transaction(id: $id) { tasks { nodes { nodeId hasSummary summary } } } }';
    const of = async (id: string) => (await world.gql<{ transaction: unknown }>(shown, { id })).transaction;
    const old = { hasSummary: true, summary: 'old' };
    expect(await of(open)).toEqual({
      tasks: {
        nodes: [
          { nodeId: '1', ...old },
          { nodeId: '2', ...old },
        ],
      },
    });
    expect(await of(over)).toEqual({
      tasks: {
        nodes: [
          { nodeId: '1', hasSummary: false, summary: null },
          { nodeId: '2', hasSummary: true, summary: 'new' },
        ],
      },
    });
    await reporter.report(over, [step('error', { summary: 'late' })]);
    expect(await of(over)).toMatchObject({ tasks: { nodes: [{ hasSummary: true, summary: 'late' }, {}] } });
  });
});
