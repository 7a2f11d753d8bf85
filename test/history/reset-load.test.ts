import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransactionRow } from '../../src/entities/ledger.js';
import { ADMIN } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';
import { rowsOf, unique } from './deployments.js';

const TASKS = ['a', 'b', 'c'];
const NODES = ['1', '2'];
const GRAPH = { tasks: TASKS.map((name) => ({ name, nodes: NODES })) };

/** What a reporter says of one attempt, in one report each. */
interface Word {
  taskName: string;
  nodeId: string;
  attempt: number;
  status: string;
  time: number;
}

const word = (attempt: number) =>
  fc.record({
    taskName: fc.constantFrom(...TASKS, 'unannounced'),
    nodeId: fc.constantFrom(...NODES),
    attempt: fc.constant(attempt),
    status: fc.constantFrom('running', 'ready', 'error', 'skipped'),
    time: fc.integer({ min: 1_000, max: 1_009 }),
  });

const plans = fc.record({
  early: fc.array(word(1), { maxLength: 5 }),
  /** Sent while the reset is made, and after it. */
  late: fc.array(word(1), { maxLength: 8 }),
  next: fc.array(word(2), { maxLength: 8 }),
  chosen: fc.subarray(
    TASKS.flatMap((graphTaskId) => NODES.map((nodeId) => ({ graphTaskId, nodeId }))),
    { minLength: 1 },
  ),
});

describe.each(storeKinds())('a reset among many reporters (%s)', (store) => {
  let world: World;
  const ctx = ctxOf(ADMIN);
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  const begin = async (): Promise<string> => {
    const { reports } = world.services;
    const started = await reports.start(ctx, { cluster: 'lab', externalId: unique('d'), graph: GRAPH });
    return started.transaction.id;
  };
  const tell = (transactionId: string, event: Word, reportId: string) =>
    world.services.reports.report(ctx, { transactionId, reportId, events: [event] });
  const end = (transactionId: string) => world.services.reports.end(ctx, { transactionId, status: 'ERROR' });
  const shown = async (id: string): Promise<TransactionRow> => {
    const [row] = await world.services.history.byIds(ctx, [id]);
    if (!row) throw new Error(`There is no ${id}.`);
    return row;
  };

  it('ends in the same rows as one after the other, whatever comes while it is made', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ early, late, next, chosen }) => {
        const { reports } = world.services;
        const [calm, busy] = [await begin(), await begin()];
        const reset = (id: string) => reports.reset(ctx, { id, tasks: chosen, attempt: 2 });
        const all = (words: readonly Word[], name: string) => (id: string) =>
          words.map((one, index) => () => tell(id, one, `${name}${index}`));
        const [first, second, third] = [all(early, 'early'), all(late, 'late'), all(next, 'next')];

        for (const one of [...first(calm), ...second(calm)]) await one();
        await end(calm);
        expect(await reset(calm)).toMatchObject({ outcome: 'RESET', tasks: chosen.length });
        for (const one of third(calm)) await one();
        await end(calm);

        for (const one of first(busy)) await one();
        await end(busy);
        const resets = [reset(busy), reset(busy)];
        const words = second(busy).map((one) => one());
        const outcomes = (await Promise.all(resets)).map(({ outcome }) => outcome);
        expect(outcomes.sort()).toEqual(['ALREADY_RESET', 'RESET']);
        await Promise.all([...words, ...third(busy).map((one) => one()), ...second(busy).map((one) => one())]);
        await end(busy);

        const rows = await rowsOf(world, busy);
        expect(rows).toEqual(await rowsOf(world, calm));
        expect(rows.filter(({ status }) => status === 'PENDING' || status === 'RUNNING')).toEqual([]);
        expect(await shown(busy)).toMatchObject({ status: 'ERROR', attempts: 2 });
        const counts = await world.services.history.counts([calm, busy]);
        expect(counts.get(busy)).toEqual(counts.get(calm));
        expect([...(counts.get(busy)?.values() ?? [])].reduce((sum, count) => sum + count, 0)).toBe(rows.length);
      }),
      { numRuns: 8 },
    );
  });

  it('leaves the deployment PENDING until something of the next attempt is told', async () => {
    const id = await begin();
    const at = (taskName: string, attempt: number, status: string) => ({
      taskName,
      nodeId: '1',
      attempt,
      status,
      time: 1_005,
    });
    await tell(id, at('a', 1, 'ready'), 'one');
    await tell(id, at('b', 1, 'running'), 'two');
    await end(id);
    await world.services.reports.reset(ctx, { id });
    // Late: of what the end closed, of what had ended, and once more.
    const lateWords = [at('b', 1, 'running'), { ...at('b', 1, 'ready'), time: 1_001 }, at('a', 1, 'ready')];
    for (const [index, one] of lateWords.entries()) {
      await tell(id, one, `late ${index}`);
      expect(await shown(id)).toMatchObject({ status: 'PENDING', timeEnd: null, attempts: 2 });
    }
    // It began as early as any word says, whenever that comes.
    expect(await shown(id)).toMatchObject({ timeStart: 1_001_000 });
    const { reports } = world.services;
    const progress = { transactionId: id, progress: 70, message: 'late' };
    await reports.report(ctx, { ...progress, reportId: 'far', events: [at('b', 1, 'ready')] });
    await reports.report(ctx, { transactionId: id, reportId: 'one', events: [at('a', 1, 'ready')] });
    expect(await shown(id)).toMatchObject({ status: 'PENDING', progress: 0 });
    await reports.report(ctx, { ...progress, reportId: 'so far', events: [] });
    expect(await shown(id)).toMatchObject({ status: 'PENDING', progress: 70 });
    await tell(id, at('b', 2, 'running'), 'begun');
    expect(await shown(id)).toMatchObject({ status: 'RUNNING', timeStart: 1_001_000, attempts: 2 });
  });
});
