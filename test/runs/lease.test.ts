import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { granted, TestAgent } from '../kit/agent.js';
import { backup, makeJob, makeRun, passSeconds, planLeaseChore, runNow, showRun, tasksOf } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

describe.each(storeKinds())('the lease of a run (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
    await planLeaseChore(world);
  });
  afterAll(() => world.close());

  async function agentOf(key: string): Promise<TestAgent> {
    const agent = new TestAgent(world, key);
    await agent.register();
    return agent;
  }

  it('goes to one of many that claim at once', async () => {
    const { runId } = await makeRun(world, 'race');
    const agent = await agentOf('race');
    const answers = await Promise.all(Array.from({ length: 12 }, () => agent.claim(runId)));
    const fences = new Set(answers.map((answer) => granted(answer).fence));
    expect([...fences]).toEqual([1]);
    expect((await showRun(world, runId)).state).toBe('RUNNING');
  });

  it('two agents with one client id do not both run', async () => {
    const { runId } = await makeRun(world, 'twin');
    const first = await agentOf('twin');
    const second = await agentOf('twin');
    const answers = await Promise.all([
      first.claim(runId),
      second.claim(runId),
      first.claim(runId),
      second.claim(runId),
    ]);
    const [refused, told] = answers;
    expect(refused).toMatchObject({ __typename: 'ConflictError', code: 'CONFLICT' });
    expect(told).toMatchObject({ __typename: 'RunClaimPayload', fence: 1 });
    await first.register();
    const { runId: other } = await makeRun(world, 'twin');
    expect(await second.claim(other)).toMatchObject({ code: 'CONFLICT' });
    // What the second holds stays its own: its reports count, the first cannot take it.
    expect(await first.claim(runId)).toMatchObject({ code: 'LEASE_LOST' });
    if (told) expect((await second.carryOut(granted(told))).instruction.kind).toBe('ENDED');
  });

  it('refuses each write of a stale fence or another session', async () => {
    const { runId } = await makeRun(world, 'stale', [backup({ maxRetries: 1, maxRetriesInterval: 0 })]);
    const agent = await agentOf('stale');
    const told = await agent.started(granted(await agent.claim(runId)));
    await agent.release(told);
    const again = granted(await agent.claim(runId));
    expect(again.fence).toBe(2);
    const lost = { __typename: 'StateError', code: 'LEASE_LOST' };
    expect(await agent.renew(told)).toMatchObject(lost);
    expect(await agent.report(told, { ended: { outcome: 'SUCCEEDED' } })).toMatchObject(lost);
    expect(await agent.append(told, [{ sequence: 1, text: 'x' }])).toMatchObject(lost);
    expect(await agent.release(told)).toMatchObject(lost);
    const stranger = new TestAgent(world, 'stale');
    expect(await stranger.renew(again)).toMatchObject(lost);
    expect(tasksOf(await showRun(world, runId))).toEqual(['0-backup#1 LOST', '0-backup#2 PENDING']);
  });

  it('ends at its very instant: the attempt is LOST and, without a retry, the run', async () => {
    const { runId } = await makeRun(world, 'gone', [backup(), backup()]);
    const agent = await agentOf('gone');
    const told = await agent.started(granted(await agent.claim(runId)));
    await passSeconds(world, 59);
    expect((await showRun(world, runId)).state).toBe('RUNNING');
    await world.pass(999);
    await world.pass(0);
    expect((await showRun(world, runId)).state).toBe('RUNNING');
    await passSeconds(world, 2);
    const run = await showRun(world, runId);
    expect(run).toMatchObject({
      state: 'ENDED',
      status: 'LOST',
      result: 'LOST',
      job: { status: 'STOPPED', result: 'LOST' },
    });
    expect(tasksOf(run)).toEqual(['0-backup#1 LOST', '1-backup#1 SKIPPED']);
    expect(run.tasks.nodes[0]?.reason).toContain('60 seconds');
    expect(await agent.report(told, { ended: { outcome: 'SUCCEEDED' } })).toMatchObject({ code: 'LEASE_LOST' });
  });

  it('is not asked for when the end of a run is told again; another end, or of another claim, is refused', async () => {
    const { runId } = await makeRun(world, 'again', [backup({ maxRetries: 1, maxRetriesInterval: 0 })]);
    const agent = await agentOf('again');
    const given = granted(await agent.claim(runId));
    const first = await agent.started(given);
    await agent.release(first);
    const told = await agent.started(granted(await agent.claim(runId)));
    const done = { ended: { outcome: 'FAILED', message: 'It broke.' } };
    const answers = [await agent.report(told, done), await agent.report(told, done)];
    const [ended, repeated] = answers.map(granted);
    expect(ended?.instruction.kind).toBe('ENDED');
    expect(repeated).toEqual({ ...ended, repeated: true });
    const lost = { __typename: 'StateError', code: 'LEASE_LOST' };
    expect(await agent.report(told, { ended: { outcome: 'SUCCEEDED' } })).toMatchObject(lost);
    expect(await agent.report(first, { ended: { outcome: 'LOST' } })).toMatchObject(lost);
    expect(await agent.report(told, { started: true })).toMatchObject(lost);
    const run = await showRun(world, runId);
    expect(run).toMatchObject({ state: 'ENDED', result: 'FAIL' });
    expect(tasksOf(run)).toEqual(['0-backup#1 LOST', '0-backup#2 ERROR']);
  });

  it('that ends leaves what its retries and mandatory actions ask for to the agent that comes back', async () => {
    const actions = [backup({ maxRetries: 1, maxRetriesInterval: 5 }), backup({ mandatory: true })];
    const { runId } = await makeRun(world, 'back', actions);
    const agent = await agentOf('back');
    await agent.started(granted(await agent.claim(runId)));
    await passSeconds(world, 62);
    const waiting = await showRun(world, runId);
    expect(waiting).toMatchObject({ state: 'WAITING', status: 'RUNNING', job: { status: 'RUNNING' } });
    expect(tasksOf(waiting)).toEqual(['0-backup#1 LOST', '1-backup#1 PENDING', '0-backup#2 PENDING']);
    const again = granted(await agent.claim(runId));
    expect(again.instruction).toMatchObject({ kind: 'START', task: { name: '0-backup', attempt: 2 } });
    await agent.started(again);
    await passSeconds(world, 62);
    const mandatory = granted(await agent.claim(runId));
    expect(mandatory.instruction).toMatchObject({ kind: 'START', task: { name: '1-backup' } });
    await agent.carryOut(mandatory);
    expect(await showRun(world, runId)).toMatchObject({ state: 'ENDED', result: 'FAIL' });
  });

  it('is renewed by every write of its agent', async () => {
    const { runId } = await makeRun(world, 'busy');
    const agent = await agentOf('busy');
    const told = await agent.started(granted(await agent.claim(runId)));
    for (let round = 1; round <= 3; round += 1) {
      await passSeconds(world, 50);
      granted(await agent.append(told, [{ sequence: round, text: 'still here\n' }]));
    }
    expect((await showRun(world, runId)).state).toBe('RUNNING');
    granted(await agent.ended(told, { outcome: 'SUCCEEDED' }));
  });

  it('is not lost because no server was there to renew it with', async () => {
    const { runId } = await makeRun(world, 'patient');
    const agent = await agentOf('patient');
    const told = await agent.started(granted(await agent.claim(runId)));
    await world.pass(1_000);
    // Every server is down for an hour; then one looks again.
    await world.pass(3_600_000);
    expect((await showRun(world, runId)).state).toBe('RUNNING');
    expect(granted(await agent.renew(told)).instruction.kind).toBe('CONTINUE');
    await agent.ended(told, { outcome: 'SUCCEEDED' });
    expect((await showRun(world, runId)).result).toBe('SUCCESS');
  });

  it('is not lost in a gap of the service, however short it is', async () => {
    const short = await createWorld({ store, settings: { runLease: 5_000 } });
    await planLeaseChore(short);
    const { runId } = await makeRun(short, 'gap');
    const agent = new TestAgent(short, 'gap');
    await agent.register();
    const told = await agent.started(granted(await agent.claim(runId)));
    await short.pass(1_000);
    // Nobody could ask anything for longer than the lease, and for a shorter time than 15 s.
    await short.pass(8_000);
    await passSeconds(short, 4);
    granted(await agent.renew(told));
    // At the end of this gap a tenth of a second of the lease is left: too little for the agent to come back.
    await short.pass(4_900);
    await passSeconds(short, 2);
    expect((await showRun(short, runId)).state).toBe('RUNNING');
    granted(await agent.renew(told));
    await passSeconds(short, 6);
    expect((await showRun(short, runId)).result).toBe('LOST');
    await short.close();
  });

  it('of a run that cannot be ended harms no other', async () => {
    const { runId: poison } = await makeRun(world, 'poison');
    const { runId: good } = await makeRun(world, 'poison');
    const agent = await agentOf('poison');
    for (const runId of [poison, good]) await agent.started(granted(await agent.claim(runId)));
    await world.db.transaction((tx) => tx.execute("UPDATE job_runs SET actions = '{}' WHERE id = ?", [poison]));
    await passSeconds(world, 63);
    const { runs } = await world.gql<{ runs: { nodes: { id: string; state: string }[] } }>(
      '{ runs(filter: { clientIds: ["poison"] }) { nodes { id state } } }',
    );
    expect(runs.nodes).toEqual([
      { id: good, state: 'ENDED' },
      { id: poison, state: 'RUNNING' },
    ]);
    expect(world.engine.warnings).toEqual([]);
  });

  it('comes back with the session: an agent that registers again learns what it holds', async () => {
    const { runId } = await makeRun(world, 'again');
    const agent = await agentOf('again');
    const told = await agent.started(granted(await agent.claim(runId)));
    expect((await agent.register()).held).toEqual([{ id: runId }]);
    const asked = granted(await agent.claim(runId));
    expect(asked).toMatchObject({ fence: told.fence, instruction: { kind: 'CONTINUE', task: { name: '0-backup' } } });
    const lost = await agent.ended(told, { outcome: 'LOST', message: 'The agent was restarted.' });
    expect(lost.run).toMatchObject({ state: 'ENDED', result: 'LOST', reason: '0-backup: The agent was restarted.' });
  });

  it('released between two attempts, the run waits again; its agent may shut down', async () => {
    const { runId } = await makeRun(world, 'quiet', [backup({ maxRetries: 1 })]);
    const agent = await agentOf('quiet');
    const told = await agent.carryOut(granted(await agent.claim(runId)), 'FAILED');
    granted(await agent.release(told, 'The agent shuts down.'));
    const run = await showRun(world, runId);
    expect(run).toMatchObject({ state: 'WAITING', status: 'RUNNING' });
    expect(tasksOf(run)).toEqual(['0-backup#1 ERROR', '0-backup#2 PENDING']);
    await agent.carryOut(granted(await agent.claim(runId)));
    expect((await showRun(world, runId)).result).toBe('SUCCESS');
  });

  it('released in the middle of an attempt without retries, the run is LOST with the reason', async () => {
    const { runId } = await makeRun(world, 'abrupt');
    const agent = await agentOf('abrupt');
    const told = await agent.started(granted(await agent.claim(runId)));
    granted(await agent.release(told, 'The agent shuts down.'));
    expect(await showRun(world, runId)).toMatchObject({ result: 'LOST', reason: '0-backup: The agent shuts down.' });
  });

  it('nobody takes in time: MISSED at its very instant, and no claim from then on', async () => {
    const jobId = await makeJob(world, 'away', [backup()], { catchupWindow: 30 });
    const runId = await runNow(world, jobId);
    const { waitUntil } = await world.db.manager
      .query('SELECT wait_until AS waitUntil FROM job_runs WHERE id = ?', [runId])
      .then((rows: { waitUntil: number | string }[]) => ({ waitUntil: Number(rows[0]?.waitUntil) }));
    world.clock.forward(waitUntil - world.clock.now() - 1);
    await world.engine.fireDue();
    expect((await showRun(world, runId)).state).toBe('WAITING');
    world.clock.forward(1);
    const agent = await agentOf('away');
    expect(await agent.claim(runId)).toMatchObject({ code: 'LEASE_LOST' });
    await passSeconds(world, 2);
    const run = await showRun(world, runId);
    expect(run).toMatchObject({ state: 'ENDED', status: 'STOPPED', result: 'MISSED', timeStart: null });
    expect(run.reason).toContain('"away" did not take it in time');
    expect(tasksOf(run)).toEqual(['0-backup#1 SKIPPED']);
  });
});
