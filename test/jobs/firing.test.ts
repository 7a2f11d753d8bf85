import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobRunKind } from '../../src/jobs/firing.js';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/lib/time.js';
import { planLeaseChore } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { command, makeJob, occurrencesOf, openRunsOf, stored, take } from './kit.js';

describe.each(storeKinds())('firing jobs on %s', (store) => {
  let world: World;
  let clients = 0;
  beforeAll(async () => {
    world = await createWorld({ store });
    await planLeaseChore(world);
  });
  afterAll(() => world.close());

  const aJob = (input: Record<string, unknown> = {}): Promise<string> => {
    clients += 1;
    return makeJob(world, { clientId: `client-${clients}`, ...input });
  };
  const states = async (id: string): Promise<string[]> => (await openRunsOf(world, id)).map((run) => run.state);
  const outcomes = async (id: string): Promise<string[]> =>
    (await occurrencesOf(world, id)).map(({ outcome, reason }) => (reason ? `${outcome} ${reason}` : outcome));

  it('makes a run at the instant, which waits for its client, and says when the next one is', async () => {
    const id = await aJob();
    const start = world.clock.now();
    await world.pass(HOUR - 1);
    expect(await states(id)).toEqual([]);
    await world.pass(1);
    expect(await states(id)).toEqual(['WAITING']);
    expect(await stored(world, id)).toMatchObject({ status: 'SCHEDULED', nextRunAt: start + 2 * HOUR });
    expect(await outcomes(id)).toEqual(['WAITING WAITING_FOR_CLIENT']);
    const { agent, told } = await take(world, id);
    expect(await stored(world, id)).toMatchObject({ status: 'RUNNING', timeStarted: world.clock.now() });
    expect(await outcomes(id)).toEqual(['RAN']);
    await agent.ended(told, { outcome: 'SUCCEEDED', exitCode: 0 });
    const job = await stored(world, id);
    expect(job).toMatchObject({ status: 'SCHEDULED', result: 'SUCCESS', successCount: 1, consecutiveFailures: 0 });
    expect([job.timeEnded, job.lastSuccessAt]).toEqual([world.clock.now(), world.clock.now()]);
  });

  it('a run that waits for its client counts for overlap, and is MISSED after the catch-up window', async () => {
    const id = await aJob({ schedule: { interval: { every: '10 minutes' } }, catchupWindow: 1_500 });
    for (let fires = 0; fires < 3; fires += 1) await world.pass(10 * MINUTE);
    expect(await outcomes(id)).toEqual(['WAITING WAITING_FOR_CLIENT', 'SKIPPED OVERLAP', 'SKIPPED OVERLAP']);
    await world.pass(6 * MINUTE);
    expect((await outcomes(id))[0]).toBe('MISSED CLIENT_AWAY');
    expect(await stored(world, id)).toMatchObject({
      status: 'SCHEDULED',
      result: 'MISSED',
      missedCount: 1,
      skippedCount: 2,
    });
  });

  it('SKIP: a due time during a run is skipped, and counted', async () => {
    const id = await aJob();
    await world.pass(HOUR);
    const { agent, told } = await take(world, id);
    await world.pass(30 * SECOND);
    await agent.renew(told);
    await world.db.transaction((tx) => tx.execute('UPDATE job_runs SET lease_until = ?', [world.clock.now() + DAY]));
    await world.pass(HOUR);
    expect(await outcomes(id)).toEqual(['RAN', 'SKIPPED OVERLAP']);
    expect((await stored(world, id)).skippedCount).toBe(1);
    await agent.ended(told, { outcome: 'FAILED', exitCode: 1 });
    expect(await stored(world, id)).toMatchObject({ result: 'FAIL', failureCount: 1, consecutiveFailures: 1 });
  });

  it.each([
    ['BUFFER_ONE', ['RUNNING', 'BUFFERED'], 'SUCCEEDED', ['RAN', 'WAITING BUFFERED', 'SKIPPED OVERLAP']],
    [
      'ALLOW_ALL',
      ['RUNNING', 'WAITING', 'WAITING'],
      'SUCCEEDED',
      ['RAN', 'WAITING WAITING_FOR_CLIENT', 'WAITING WAITING_FOR_CLIENT'],
    ],
    ['CANCEL_OTHER', ['RUNNING', 'BUFFERED'], 'ABORTED', ['RAN', 'WAITING BUFFERED', 'SKIPPED OVERLAP']],
  ])('%s while a run is under way', async (overlap, open, ends, came) => {
    const id = await aJob({ overlap, catchupWindow: 86_400 });
    await world.pass(HOUR);
    const { agent, told } = await take(world, id);
    await world.db.transaction((tx) => tx.execute('UPDATE job_runs SET lease_until = ?', [world.clock.now() + DAY]));
    await world.pass(HOUR);
    await world.pass(HOUR);
    expect(await states(id)).toEqual(open);
    expect(await outcomes(id)).toEqual(came);
    await agent.ended(told, { outcome: ends, exitCode: 0 });
    expect((await states(id)).every((state) => state === 'WAITING')).toBe(true);
  });

  it('continuous: the next run is due one second after the last one ended', async () => {
    const id = await aJob({ schedule: { interval: { every: 'continuous' } } });
    await world.pass(SECOND);
    const { agent, told } = await take(world, id);
    expect((await stored(world, id)).nextRunAt).toBeNull();
    await world.pass(20 * SECOND);
    await agent.ended(told, { outcome: 'SUCCEEDED', exitCode: 0 });
    expect((await stored(world, id)).nextRunAt).toBe(world.clock.now() + SECOND);
    await command(world, 'jobRunNow', { id });
    await world.pass(5 * SECOND);
    const manual = await take(world, id);
    expect((await stored(world, id)).nextRunAt).toBeNull();
    await manual.agent.ended(manual.told, { outcome: 'SUCCEEDED', exitCode: 0 });
    expect((await stored(world, id)).nextRunAt).toBe(world.clock.now() + SECOND);
  });

  it('none: once, now; then COMPLETED', async () => {
    const id = await aJob({ schedule: { none: {} } });
    await world.pass(0);
    const { agent, told } = await take(world, id);
    await agent.ended(told, { outcome: 'SUCCEEDED', exitCode: 0 });
    expect(await stored(world, id)).toMatchObject({ status: 'COMPLETED', result: 'SUCCESS', nextRunAt: null });
  });

  it('a job whose schedule is used up becomes COMPLETED when its last run has ended', async () => {
    const at = new Date(world.clock.now() + HOUR).toISOString();
    const id = await aJob({ schedule: { date: { at } } });
    await world.pass(HOUR);
    expect((await stored(world, id)).status).toBe('SCHEDULED');
    const { agent, told } = await take(world, id);
    await agent.ended(told, { outcome: 'SUCCEEDED', exitCode: 0 });
    expect(await stored(world, id)).toMatchObject({ status: 'COMPLETED', nextRunAt: null });
  });

  it('catch-up LATEST: one run for what was missed, which is one row', async () => {
    const id = await aJob({ schedule: { interval: { every: '10 minutes' } } });
    await world.pass(65 * MINUTE);
    expect(await outcomes(id)).toEqual(['MISSED SERVER_DOWN', 'WAITING WAITING_FOR_CLIENT']);
    const [row] = await world.db.reader.rows<{ count: number; trigger: string }>(
      'SELECT occurrences.count FROM occurrences WHERE subject = ? AND run_id IS NULL',
      [id],
    );
    expect(row?.count).toBe(5);
    expect((await stored(world, id)).missedCount).toBe(5);
  });

  it('catch-up ALL with ALLOW_ALL: a run for each', async () => {
    const id = await aJob({ schedule: { interval: { every: '10 minutes' } }, catchup: 'ALL', overlap: 'ALLOW_ALL' });
    await world.pass(30 * MINUTE);
    expect(await states(id)).toEqual(['WAITING', 'WAITING', 'WAITING']);
  });

  it('tells the reconciler what ought to be scheduled, and nothing else', async () => {
    const planned = await aJob();
    const stopped = await aJob({ start: false });
    const found = new Map<string, number>();
    for await (const { subject, nextRunAt } of jobRunKind(world.deps).desired()) found.set(subject, nextRunAt);
    expect(found.get(planned)).toBe((await stored(world, planned)).nextRunAt);
    expect(found.has(stopped)).toBe(false);
  });
});
