import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { actor, MEMBER, OTHER_MEMBER } from '../kit/actors.js';
import { granted, TestAgent } from '../kit/agent.js';
import { backup, makeJob, makeRun, runNow } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

interface Assigned {
  runAssigned: { cursor: string; abort: boolean; run: { id: string; state: string } };
}
interface Changed {
  runChanged: { cursor: string; state: string; status: string; result: string | null; run: { id: string } };
}
interface Waited {
  runChanged: { state: string; reason: string; nextAttemptAt: string | null; run: { nextAttemptAt: string | null } };
}
interface Appended {
  runOutputAppended: { cursor: string; output: { position: number; text: string } };
}

const ASSIGNED = `subscription ($clientId: ID!, $after: String) {
  runAssigned(clientId: $clientId, after: $after) { cursor abort run { id state } } }`;
const CHANGED = `subscription ($filter: RunChangedFilter, $after: String) {
  runChanged(filter: $filter, after: $after) { cursor state status result run { id } } }`;
const WAITED = `subscription ($runId: ID!, $after: String) {
  runChanged(filter: { runIds: [$runId] }, after: $after) { state reason nextAttemptAt run { nextAttemptAt } } }`;
const APPENDED = `subscription ($runId: ID!, $after: String) {
  runOutputAppended(runId: $runId, after: $after) { cursor output { position text } } }`;

describe.each(storeKinds())('the live data of runs (%s)', (store) => {
  let world: World;
  const endings: AbortController[] = [];
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterEach(() => {
    for (const ending of endings.splice(0)) ending.abort();
  });
  afterAll(() => world.close());

  async function follow<T>(
    document: string,
    variables: Record<string, unknown>,
    as = MEMBER,
  ): Promise<AsyncIterator<T>> {
    const ending = new AbortController();
    endings.push(ending);
    const events = await world.follow<T>(document, variables, as, ending.signal);
    return events[Symbol.asyncIterator]();
  }

  async function next<T>(events: AsyncIterator<T>): Promise<T> {
    const { value, done } = await events.next();
    if (done) throw new Error('The subscription has ended.');
    return value;
  }

  /** The next fact about this run: what is open at the beginning may be told once more as a fact. */
  async function nextOf(
    work: AsyncIterator<Assigned>,
    runId: string,
    abort: boolean,
  ): Promise<Assigned['runAssigned']> {
    for (;;) {
      const { runAssigned } = await next(work);
      if (runAssigned.run.id === runId && runAssigned.abort === abort) return runAssigned;
    }
  }

  /** Passes the facts up to the run's begin. */
  async function untilRunning(events: AsyncIterator<Waited>): Promise<void> {
    while ((await next(events)).runChanged.state !== 'RUNNING');
  }

  async function agentOf(key: string): Promise<TestAgent> {
    const agent = new TestAgent(world, key);
    await agent.register();
    return agent;
  }

  it('give an agent what is open, then what comes, then the orders to abort', async () => {
    const agent = await agentOf('one');
    const { jobId, runId: waiting } = await makeRun(world, 'one');
    const work = await follow<Assigned>(ASSIGNED, { clientId: 'one' }, agent.as);
    expect((await next(work)).runAssigned).toMatchObject({ abort: false, run: { id: waiting, state: 'WAITING' } });
    const { runId: later } = await makeRun(world, 'one');
    expect(await nextOf(work, later, false)).toMatchObject({ run: { state: 'WAITING' } });
    await agent.started(granted(await agent.claim(waiting)));
    await world.gql('mutation ($id: ID!) { jobAbort(input: { id: $id }) { ... on UserError { message } } }', {
      id: jobId,
    });
    expect(await nextOf(work, waiting, true)).toMatchObject({ run: { state: 'RUNNING' } });
    // An agent that was away learns both at once.
    const again = await follow<Assigned>(ASSIGNED, { clientId: 'one' }, agent.as);
    const open = [(await next(again)).runAssigned, (await next(again)).runAssigned];
    expect(open.map(({ run, abort }) => [run.id, abort])).toEqual([
      [waiting, true],
      [later, false],
    ]);
  });

  it('resume an agent by its cursor, without gap', async () => {
    const agent = await agentOf('two');
    const jobId = await makeJob(world, 'two', [backup()], { overlap: 'ALLOW_ALL' });
    const first = await runNow(world, jobId);
    const work = await follow<Assigned>(ASSIGNED, { clientId: 'two' }, agent.as);
    const { cursor, run } = (await next(work)).runAssigned;
    expect(run.id).toBe(first);
    const missed = await runNow(world, jobId);
    const resumed = await follow<Assigned>(ASSIGNED, { clientId: 'two', after: cursor }, agent.as);
    expect((await nextOf(resumed, missed, false)).run.state).toBe('WAITING');
  });

  it('tell when a retry begins to wait, until when, and when it begins', async () => {
    const agent = await agentOf('retry');
    const { serverInfo } = await world.gql<{ serverInfo: { liveCursor: string } }>('{ serverInfo { liveCursor } }');
    const { runId } = await makeRun(world, 'retry', [backup({ maxRetries: 1, maxRetriesInterval: 40 })]);
    const told = await agent.started(granted(await agent.claim(runId)));
    const events = await follow<Waited>(WAITED, { runId, after: serverInfo.liveCursor });
    await untilRunning(events);
    const retry = await agent.ended(told, { outcome: 'FAILED', exitCode: 1 });
    const waits = (await next(events)).runChanged;
    expect(waits).toMatchObject({ state: 'RUNNING', reason: '0-backup is tried again: attempt 2.' });
    expect(Date.parse(waits.nextAttemptAt ?? '')).toBe(world.clock.now() + 40_000);
    expect(waits.run.nextAttemptAt).toBe(waits.nextAttemptAt);
    await agent.started(retry);
    expect((await next(events)).runChanged).toMatchObject({ state: 'RUNNING', nextAttemptAt: null });
  });

  it('count a client as online while its agent is connected, at one statement for all of them', async () => {
    const agents = [await agentOf('c1'), await agentOf('c2'), await agentOf('c3')];
    const state = async (id: string): Promise<string> => {
      const { client } = await world.gql<{ client: { state: string } }>(
        'query ($id: ID!) { client(id: $id) { state } }',
        {
          id,
        },
      );
      return client.state;
    };
    for (const agent of agents.slice(0, 2)) {
      const { runId } = await makeRun(world, agent.as.clientKey ?? '');
      const work = await follow<Assigned>(ASSIGNED, { clientId: agent.as.clientKey }, agent.as);
      expect((await next(work)).runAssigned.run.id).toBe(runId);
    }
    world.clock.forward(61_000);
    expect(await state('c1')).toBe('OFFLINE');
    const before = world.statements.length;
    await world.services.clients.presence.beat();
    expect(world.statements.slice(before).filter((sql) => sql.startsWith('UPDATE clients'))).toHaveLength(1);
    expect([await state('c1'), await state('c2'), await state('c3')]).toEqual(['ONLINE', 'ONLINE', 'OFFLINE']);
    for (const ending of endings) ending.abort();
    world.clock.forward(61_000);
    await world.services.clients.presence.beat();
    expect(await state('c1')).toBe('OFFLINE');
  });

  it('tell each change of a run, by filter, and resume by cursor', async () => {
    const agent = await agentOf('three');
    const jobId = await makeJob(world, 'three');
    const changes = await follow<Changed>(CHANGED, { filter: { jobIds: [jobId] } });
    const first = next(changes);
    const { runId: other } = await makeRun(world, 'three');
    const runId = await runNow(world, jobId);
    const { runChanged: made } = await first;
    expect(made).toMatchObject({ state: 'WAITING', status: 'PENDING', run: { id: runId } });
    await agent.carryOut(granted(await agent.claim(runId)));
    await agent.claim(other);
    const resumed = await follow<Changed>(CHANGED, { filter: { jobIds: [jobId] }, after: made.cursor });
    const rest = [(await next(resumed)).runChanged, (await next(resumed)).runChanged];
    expect(rest.map(({ state, status, result }) => [state, status, result])).toEqual([
      ['RUNNING', 'RUNNING', null],
      ['ENDED', 'READY', 'SUCCESS'],
    ]);
    const results = await follow<Changed>(CHANGED, {
      filter: { jobIds: [jobId], results: ['SUCCESS'] },
      after: made.cursor,
    });
    expect((await next(results)).runChanged.state).toBe('ENDED');
  });

  it('stream the output from the start or from a cursor, and end with the run', async () => {
    const agent = await agentOf('four');
    const { runId } = await makeRun(world, 'four');
    const told = await agent.started(granted(await agent.claim(runId)));
    await agent.append(told, [
      { sequence: 1, text: 'one\n' },
      { sequence: 2, text: 'two\n' },
    ]);
    const output = await follow<Appended>(APPENDED, { runId });
    const first = (await next(output)).runOutputAppended;
    expect(first.output).toEqual({ position: 1, text: 'one\n' });
    expect((await next(output)).runOutputAppended.output.text).toBe('two\n');
    const coming = next(output);
    await agent.append(told, [{ sequence: 3, text: 'three\n' }]);
    expect((await coming).runOutputAppended.output).toEqual({ position: 3, text: 'three\n' });
    const end = output.next();
    await agent.ended(told, { outcome: 'SUCCEEDED' });
    expect((await end).done).toBe(true);
    const rest: number[] = [];
    const resumed = await follow<Appended>(APPENDED, { runId, after: first.cursor });
    for (let event = await resumed.next(); !event.done; event = await resumed.next())
      rest.push(event.value.runOutputAppended.output.position);
    expect(rest).toEqual([2, 3]);
  });

  it("show nothing of another project or another's client", async () => {
    const agent = await agentOf('five');
    const { runId } = await makeRun(world, 'five');
    await expect(follow(APPENDED, { runId }, OTHER_MEMBER)).rejects.toThrow(/no run/);
    await expect(follow(ASSIGNED, { clientId: 'five' }, actor('AGENT', 'default', 'six'))).rejects.toThrow(/no client/);
    await expect(follow(ASSIGNED, { clientId: 'five' }, actor('AGENT', 'other', 'five'))).rejects.toThrow(/no client/);
    const changes = await follow<Changed>(CHANGED, {}, OTHER_MEMBER);
    const first = next(changes);
    await agent.claim(runId);
    const otherJob = await makeJob(world, 'five', [backup()], {}, OTHER_MEMBER);
    const own = await runNow(world, otherJob, OTHER_MEMBER);
    expect((await first).runChanged.run.id).toBe(own);
  });
});
