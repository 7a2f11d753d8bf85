import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { command, makeJob, openRunsOf, stored, take } from './kit.js';

const DONE = { outcome: 'SUCCEEDED', exitCode: 0 } as const;

describe.each(storeKinds())('a job that runs once, now on %s', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  const stopped = (clientId: string): Promise<string> =>
    makeJob(world, { clientId, schedule: { none: {} }, start: false });

  it('started while a manual run is under way, it runs its one time when that has ended', async () => {
    const id = await stopped('busy');
    await command(world, 'jobRunNow', { id });
    const manual = await take(world, id);
    expect(await command(world, 'jobStart', { id })).toMatchObject({ outcome: 'ACCEPTED' });
    await world.pass(0);
    expect((await openRunsOf(world, id)).map(({ state }) => state)).toEqual(['RUNNING', 'BUFFERED']);
    await manual.agent.ended(manual.told, DONE);
    expect(await stored(world, id)).toMatchObject({ status: 'SCHEDULED', skippedCount: 0 });
    const once = await take(world, id);
    await once.agent.ended(once.told, DONE);
    await world.pass(0);
    expect(await stored(world, id)).toMatchObject({ status: 'COMPLETED', result: 'SUCCESS', skippedCount: 0 });
    expect(await openRunsOf(world, id)).toEqual([]);
  });

  it('started while a manual run waits for its client, both run', async () => {
    const id = await stopped('away');
    await command(world, 'jobRunNow', { id });
    await command(world, 'jobStart', { id });
    await world.pass(0);
    expect((await openRunsOf(world, id)).map(({ state }) => state)).toEqual(['WAITING', 'BUFFERED']);
    await command(world, 'jobStop', { id });
    expect((await openRunsOf(world, id)).map(({ state }) => state)).toEqual(['WAITING']);
  });

  it('put back on the schedule by a reconciler that had looked before it was fired, it is not fired again', async () => {
    const id = await makeJob(world, { clientId: 'twice', schedule: { none: {} }, overlap: 'ALLOW_ALL' });
    const desired = { subject: id, project: null, nextRunAt: world.clock.now() };
    await world.pass(0);
    expect(await openRunsOf(world, id)).toHaveLength(1);
    await world.db.transaction((tx) => world.engine.planner.insert(tx, 'job-run', [desired]));
    await world.pass(0);
    expect(await openRunsOf(world, id)).toHaveLength(1);
    const left = 'SELECT id FROM background_jobs WHERE subject = ?';
    expect(await world.db.reader.rows(left, [id])).toEqual([]);
  });

  it('and likewise a job that has its next instant by then: it goes on from there', async () => {
    const hourly = { interval: { every: '1 hour' } };
    const id = await makeJob(world, { clientId: 'thrice', schedule: hourly, overlap: 'ALLOW_ALL' });
    const before = await stored(world, id);
    await world.pass(3_600_000);
    const { nextRunAt } = await stored(world, id);
    const set = 'UPDATE background_jobs SET next_run_at = ?, wake_at = ? WHERE subject = ?';
    await world.db.transaction((tx) => tx.execute(set, [before.nextRunAt, before.nextRunAt, id]));
    await world.db.transaction((tx) => tx.execute('UPDATE background_jobs SET id = ? WHERE subject = ?', ['new', id]));
    await world.pass(0);
    expect(await openRunsOf(world, id)).toHaveLength(1);
    const due = 'SELECT next_run_at FROM background_jobs WHERE subject = ?';
    const [row] = await world.db.reader.rows<{ next_run_at: number }>(due, [id]);
    expect(Number(row?.next_run_at)).toBe(nextRunAt);
  });
});
