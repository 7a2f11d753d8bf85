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
});
