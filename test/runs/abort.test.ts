import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEMBER } from '../kit/actors.js';
import { granted, TestAgent } from '../kit/agent.js';
import { backup, makeRun, passSeconds, planLeaseChore, showRun, tasksOf } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

describe.each(storeKinds())('the abort of a run (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
    await planLeaseChore(world);
  });
  afterAll(() => world.close());

  async function running(key: string, actions = [backup(), backup({ mandatory: true })]) {
    const { jobId, runId } = await makeRun(world, key, actions);
    const agent = new TestAgent(world, key);
    await agent.register();
    return { jobId, runId, agent, told: await agent.started(granted(await agent.claim(runId))) };
  }

  const abort = (id: string) =>
    world.gql(
      'mutation ($input: JobAbortInput!) { jobAbort(input: $input) { ... on UserError { message } } }',
      { input: { id, reason: 'Enough of it.' } },
      MEMBER,
    );

  it('is ordered at the next renewal; the agent ends the attempt, nothing more is started', async () => {
    const { jobId, runId, agent, told } = await running('a');
    await abort(jobId);
    expect((await showRun(world, runId)).job.status).toBe('ABORTING');
    expect(granted(await agent.renew(told)).instruction).toMatchObject({ kind: 'ABORT', task: { name: '0-backup' } });
    const ended = await agent.ended(told, { outcome: 'ABORTED' });
    expect(ended.instruction.kind).toBe('ENDED');
    const run = await showRun(world, runId);
    expect(run).toMatchObject({ status: 'STOPPED', result: 'ABORTED', reason: 'Enough of it.' });
    expect(tasksOf(run)).toEqual(['0-backup#1 STOPPED', '1-backup#1 SKIPPED']);
    expect(run.job).toMatchObject({ status: 'STOPPED', result: 'ABORTED' });
  });

  it('ends a run between two attempts at the next renewal', async () => {
    const { jobId, runId, agent, told } = await running('b', [backup({ maxRetries: 3 })]);
    await agent.ended(told, { outcome: 'FAILED' });
    await abort(jobId);
    expect(granted(await agent.renew(told)).instruction.kind).toBe('ENDED');
    expect(await showRun(world, runId)).toMatchObject({ result: 'ABORTED' });
  });

  it('ends a run that waits for its client at once', async () => {
    const { jobId, runId } = await makeRun(world, 'c');
    await abort(jobId);
    expect(await showRun(world, runId)).toMatchObject({ state: 'ENDED', result: 'ABORTED', status: 'STOPPED' });
  });

  it('waits for the end of the lease when the agent is away', async () => {
    const { jobId, runId } = await running('d', [backup({ maxRetries: 5 })]);
    await abort(jobId);
    await passSeconds(world, 58);
    expect((await showRun(world, runId)).state).toBe('RUNNING');
    await passSeconds(world, 4);
    const run = await showRun(world, runId);
    expect(run).toMatchObject({ state: 'ENDED', result: 'ABORTED' });
    expect(tasksOf(run)).toEqual(['0-backup#1 LOST']);
  });

  it('counts as the end also of an attempt that had begun before the agent heard of it', async () => {
    const { jobId, runId } = await makeRun(world, 'e');
    const agent = new TestAgent(world, 'e');
    await agent.register();
    const told = granted(await agent.claim(runId));
    await abort(jobId);
    const started = await agent.started(told);
    expect(started.instruction.kind).toBe('ABORT');
    expect((await agent.ended(started, { outcome: 'ABORTED' })).run).toMatchObject({ result: 'ABORTED' });
  });
});
