import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endSilentDeployments, inWords } from '../../src/history/intake/silence.js';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/lib/time.js';
import { backup, makeRun, showRun } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { Reporter, rowsOf } from './deployments.js';

const TIMEOUT = 24 * HOUR;

describe('a length of time in words', () => {
  it.each([
    [DAY, '1 day'],
    [3 * DAY, '3 days'],
    [36 * HOUR, '36 hours'],
    [90 * MINUTE, '90 minutes'],
    [90 * SECOND, '90 seconds'],
  ])('%d is %s', (length, words) => {
    expect(inWords(length)).toBe(words);
  });
});

describe.each(storeKinds())('deployments that nobody reports of (%s)', (store) => {
  let world: World;
  let reporter: Reporter;
  beforeAll(async () => {
    world = await createWorld({ store, history: { reportTimeout: TIMEOUT } });
    reporter = new Reporter(world);
  });
  afterAll(() => world.close());

  const GRAPH = { tasks: [{ name: 'a', nodes: ['1', '2', '3'] }] };

  async function statusOf(id: string) {
    const { transaction } = await world.gql<{ transaction: { status: string; reason: string | null } }>(
      'query ($id: ID!) { transaction(id: $id) { status reason } }',
      { id },
    );
    return transaction;
  }

  const LOST = { status: 'LOST', reason: 'Nothing was reported of it for 1 day.' };

  it('end LOST by the chore: what ran is LOST, what waited SKIPPED, what was over stays', async () => {
    const id = await reporter.started({ graph: GRAPH });
    await reporter.report(id, [
      { taskName: 'a', nodeId: '1', status: 'ready' },
      { taskName: 'a', nodeId: '2', status: 'running' },
    ]);
    await world.pass(TIMEOUT - MINUTE);
    expect((await statusOf(id)).status).toBe('RUNNING');
    await world.pass(4 * MINUTE);
    expect(await statusOf(id)).toEqual(LOST);
    const rows = await rowsOf(world, id);
    expect(rows.map(({ node, status }) => [node, status])).toEqual([
      ['1', 'READY'],
      ['2', 'LOST'],
      ['3', 'SKIPPED'],
    ]);
    expect(rows[1]?.reason).toBe(LOST.reason);
  });

  it('count from the last report, or from the announcement', async () => {
    const silent = await reporter.started({ graph: GRAPH });
    const heard = await reporter.started({ graph: GRAPH });
    await world.pass(TIMEOUT - HOUR);
    await reporter.report(heard, [{ taskName: 'a', nodeId: '1', status: 'running' }]);
    await world.pass(2 * HOUR);
    expect(await statusOf(silent)).toEqual(LOST);
    expect((await statusOf(heard)).status).toBe('RUNNING');
    // A report without events is one, too.
    await world.pass(TIMEOUT - 3 * HOUR);
    await reporter.tell('report', { transactionId: heard, reportId: 'alive', events: [], progress: 50 });
    await world.pass(TIMEOUT - HOUR);
    expect((await statusOf(heard)).status).toBe('RUNNING');
    await world.pass(2 * HOUR);
    expect(await statusOf(heard)).toEqual(LOST);
  });

  it('keep what is reported later, and stay LOST; a reset makes them go on', async () => {
    const id = await reporter.started({ graph: GRAPH });
    await world.pass(TIMEOUT + 5 * MINUTE);
    expect(await statusOf(id)).toEqual(LOST);
    const late = [{ taskName: 'a', nodeId: '1', status: 'ready' }];
    expect(await reporter.report(id, late)).toMatchObject({ outcome: 'TAKEN_IN', accepted: 1 });
    expect(await statusOf(id)).toEqual(LOST);
    expect((await rowsOf(world, id)).map(({ status }) => status)).toEqual(['READY', 'SKIPPED', 'SKIPPED']);
    expect(await reporter.tell('end', { transactionId: id, status: 'READY' })).toMatchObject({
      outcome: 'ALREADY_ENDED',
      transaction: { status: 'LOST' },
    });
    const reset = await world.gql<{ made: { outcome: string } }>(
      `mutation ($input: TransactionResetInput!) { made: transactionReset(input: $input) {
        ... on TransactionResetPayload { outcome } } }`,
      { input: { id, statuses: ['SKIPPED'] } },
    );
    expect(reset.made.outcome).toBe('RESET');
    await world.pass(HOUR);
    expect((await statusOf(id)).status).toBe('PENDING');
    await world.pass(TIMEOUT);
    expect(await statusOf(id)).toEqual(LOST);
  });

  it('are not ended when a report comes at the same time', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => reporter.started({ graph: GRAPH })));
    world.clock.forward(TIMEOUT + MINUTE);
    const { signal } = new AbortController();
    const deps = { ...world.deps, reportTimeout: TIMEOUT, onFault: (error: unknown) => expect(error).toBeNull() };
    const events = [{ taskName: 'a', nodeId: '1', status: 'running' }];
    await Promise.all([
      endSilentDeployments(deps, signal),
      ...ids.map((id) => reporter.report(id, events)),
      endSilentDeployments(deps, signal),
    ]);
    for (const id of ids) {
      const { status, reason } = await statusOf(id);
      const [first] = await rowsOf(world, id);
      // Either the report was first, and the deployment goes on, or the end was, and closed the late row too.
      expect([status, first?.status]).toEqual(reason === null ? ['RUNNING', 'RUNNING'] : ['LOST', 'LOST']);
    }
  });

  it('are never ended where the timeout is 0, and runs of jobs have leases of their own', async () => {
    const id = await reporter.started();
    const { runId } = await makeRun(world, 'nobody', [backup()]);
    world.clock.forward(3 * TIMEOUT);
    const deps = { ...world.deps, onFault: () => {} };
    const { signal } = new AbortController();
    expect(await endSilentDeployments({ ...deps, reportTimeout: 0 }, signal)).toBe(0);
    expect((await statusOf(id)).status).toBe('PENDING');
    await endSilentDeployments({ ...deps, reportTimeout: TIMEOUT }, signal);
    expect(await statusOf(id)).toEqual(LOST);
    expect((await showRun(world, runId)).status).toBe('PENDING');
  });
});
