import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE, SECOND } from '../../src/lib/time.js';
import { ADMIN } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { Reporter, rowsOf } from './deployments.js';

describe.each(storeKinds())('a report beside the end of its deployment, where locks are of one node (%s)', (store) => {
  let world: World;
  let reporter: Reporter;
  beforeAll(async () => {
    world = await createWorld({ store, history: { reportTimeout: 24 * 60 * MINUTE } });
    reporter = new Reporter(world);
  });
  afterAll(() => world.close());

  const setStatus = (id: string, status: string) =>
    world.db.transaction((tx) => tx.execute('UPDATE transactions SET status = ? WHERE id = ?', [status, id]));
  const noted = () => world.db.reader.rows('SELECT transaction_id FROM transaction_ends');
  const counts = async (id: string) => Object.fromEntries((await world.services.history.counts([id])).get(id) ?? []);

  /** A deployment that has ended, and of which a report was taken in by somebody who had not seen that. */
  async function passedBy(): Promise<string> {
    const id = await reporter.started();
    await reporter.report(id, [{ taskName: 'a', nodeId: '1', status: 'ready' }]);
    await reporter.tell('end', { transactionId: id, status: 'ERROR', reason: 'It broke.' });
    await setStatus(id, 'RUNNING');
    await reporter.report(id, [
      { taskName: 'b', nodeId: '1', status: 'running' },
      { taskName: 'c', nodeId: '1', status: 'ready' },
    ]);
    await setStatus(id, 'ERROR');
    return id;
  }

  it('leaves no task open: a minute later it is closed as the end closes, recorded and counted', async () => {
    const id = await passedBy();
    expect(await counts(id)).toEqual({ READY: 2, RUNNING: 1 });
    await world.pass(MINUTE - SECOND);
    expect((await rowsOf(world, id)).map(({ status }) => status)).toEqual(['READY', 'RUNNING', 'READY']);
    await world.pass(2 * MINUTE);
    const rows = await rowsOf(world, id);
    expect(rows.map(({ status }) => status)).toEqual(['READY', 'LOST', 'READY']);
    expect(rows[1]).toMatchObject({ reason: 'It broke.' });
    expect(await counts(id)).toEqual({ READY: 2, LOST: 1 });
    const events = await world.db.reader.rows(
      `SELECT e.status_before AS was, e.status_after AS became FROM task_events e JOIN tasks t ON t.id = e.task_id
       WHERE t.transaction_id = ? AND t.graph_task_id = 'b' ORDER BY e.id`,
      [id],
    );
    expect(events).toEqual([
      { was: null, became: 'RUNNING' },
      { was: 'RUNNING', became: 'LOST' },
    ]);
    expect(await noted()).toEqual([]);
  });

  it('leaves alone what a reset has begun anew, until that ends', async () => {
    const id = await passedBy();
    await world.services.reports.reset(world.context(ADMIN), { id, statuses: ['READY'] });
    await world.pass(4 * MINUTE);
    const open = (await rowsOf(world, id)).filter(({ status }) => status === 'PENDING' || status === 'RUNNING');
    expect(open.map(({ task, attempt, status }) => `${task}.${attempt} ${status}`)).toEqual([
      'a.2 PENDING',
      'b.1 RUNNING',
      'c.2 PENDING',
    ]);
    await reporter.tell('end', { transactionId: id, status: 'STOPPED' });
    expect((await rowsOf(world, id)).map(({ status }) => status)).not.toContain('RUNNING');
    await world.pass(4 * MINUTE);
    expect(await noted()).toEqual([]);
  });
});
