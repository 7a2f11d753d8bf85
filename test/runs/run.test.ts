import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { granted, TestAgent } from '../kit/agent.js';
import { backup, makeRun, showRun, tasksOf } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

describe.each(storeKinds())('a run (%s)', (store) => {
  let world: World;
  let agent: TestAgent;
  beforeAll(async () => {
    world = await createWorld({ store });
    agent = new TestAgent(world, 'one');
    await agent.register();
  });
  afterAll(() => world.close());

  it('is a transaction with a PENDING task for each action, named by index and action', async () => {
    const { runId } = await makeRun(world, 'one', [backup(), backup(), { freezerAction: { action: 'admin' } }]);
    const run = await showRun(world, runId);
    expect(run).toMatchObject({ state: 'WAITING', status: 'PENDING', result: null });
    expect(tasksOf(run)).toEqual(['0-backup#1 PENDING', '1-backup#1 PENDING', '2-admin#1 PENDING']);
    expect(run.taskCounts).toEqual([{ status: 'PENDING', count: 3 }]);
  });

  it('is claimed, carried out action by action, and succeeds; its job says so', async () => {
    const { runId } = await makeRun(world, 'one', [backup({ timeout: 30 }), { freezerAction: { action: 'info' } }], {
      actionDefaults: { storage: 'local' },
    });
    const claimed = granted(await agent.claim(runId));
    expect(claimed.instruction).toMatchObject({ kind: 'START', delay: 0, timeout: 30, task: { name: '0-backup' } });
    expect(claimed.instruction.action).toEqual({ action: 'backup', path_to_backup: '/data', storage: 'local' });
    expect((await showRun(world, runId)).job.status).toBe('RUNNING');
    const started = await agent.started(claimed);
    expect(started.instruction).toMatchObject({ kind: 'CONTINUE', task: { name: '0-backup', status: 'RUNNING' } });
    world.clock.forward(5_000);
    const second = await agent.ended(started, { outcome: 'SUCCEEDED', exitCode: 0, summary: { files: 3 } });
    expect(second.instruction).toMatchObject({ kind: 'START', task: { name: '1-info' }, timeout: null });
    const last = await agent.carryOut(second);
    expect(last.instruction.kind).toBe('ENDED');
    const run = await showRun(world, runId);
    expect(run).toMatchObject({ state: 'ENDED', status: 'READY', result: 'SUCCESS', reason: null, progress: 100 });
    expect(run.tasks.nodes[0]).toMatchObject({ exitCode: 0, summary: { files: 3 }, status: 'READY' });
    expect(run.job).toMatchObject({ status: 'STOPPED', result: 'SUCCESS' });
  });

  it('without actions succeeds as soon as it is claimed, and says why', async () => {
    const { runId } = await makeRun(world, 'one', []);
    expect(granted(await agent.claim(runId)).instruction.kind).toBe('ENDED');
    expect(await showRun(world, runId)).toMatchObject({ result: 'SUCCESS', reason: 'The job has no actions.' });
  });

  it('tries a failed action again as often as it allows, after its interval', async () => {
    const { runId } = await makeRun(world, 'one', [backup({ maxRetries: 1, maxRetriesInterval: 40 })]);
    const failed = await agent.carryOut(granted(await agent.claim(runId)), 'FAILED', 7);
    expect(failed.instruction).toMatchObject({ kind: 'START', delay: 40_000, task: { name: '0-backup', attempt: 2 } });
    world.clock.forward(15_000);
    expect(granted(await agent.renew(failed)).instruction.delay).toBe(25_000);
    world.clock.forward(25_000);
    const again = await agent.carryOut(failed, 'TIMED_OUT');
    expect(again.instruction.kind).toBe('ENDED');
    const run = await showRun(world, runId);
    expect(run).toMatchObject({ status: 'ERROR', result: 'FAIL', job: { result: 'FAIL' } });
    expect(run.tasks.nodes.map(({ attempt, status, exitCode }) => [attempt, status, exitCode])).toEqual([
      [1, 'ERROR', 7],
      [2, 'ERROR', 1],
    ]);
  });

  it('skips what follows a failure, but for what is mandatory, and fails', async () => {
    const { runId } = await makeRun(world, 'one', [backup(), backup(), backup({ mandatory: true }), backup()]);
    const next = await agent.carryOut(granted(await agent.claim(runId)), 'FAILED');
    expect(next.instruction).toMatchObject({ kind: 'START', task: { name: '2-backup' } });
    expect(tasksOf(await showRun(world, runId))[1]).toBe('1-backup#1 SKIPPED');
    expect((await agent.carryOut(next)).instruction.kind).toBe('ENDED');
    const run = await showRun(world, runId);
    expect(run.result).toBe('FAIL');
    expect(tasksOf(run)).toEqual(['0-backup#1 ERROR', '1-backup#1 SKIPPED', '2-backup#1 READY', '3-backup#1 SKIPPED']);
  });

  it('takes the same report twice and answers the same', async () => {
    const { runId } = await makeRun(world, 'one', [backup(), backup()]);
    const claimed = granted(await agent.claim(runId));
    const once = granted(await agent.report(claimed, { sequence: 1, started: true }));
    const twice = granted(await agent.report(claimed, { sequence: 1, started: true }));
    expect([once.repeated, twice.repeated]).toEqual([false, true]);
    expect(twice.instruction).toEqual(once.instruction);
    const ended = { sequence: 2, ended: { outcome: 'SUCCEEDED', exitCode: 0 } };
    expect(granted(await agent.report(claimed, ended)).repeated).toBe(false);
    const again = granted(await agent.report(claimed, ended));
    expect(again).toMatchObject({ repeated: true, instruction: { kind: 'START', task: { name: '1-backup' } } });
    const late = granted(await agent.report(claimed, { sequence: 3, ended: { outcome: 'FAILED' } }));
    expect(late.repeated).toBe(true);
    expect(tasksOf(await showRun(world, runId))).toEqual(['0-backup#1 READY', '1-backup#1 PENDING']);
  });

  it('refuses a report of an attempt whose turn it is not', async () => {
    const { runId } = await makeRun(world, 'one', [backup(), backup()]);
    const claimed = granted(await agent.claim(runId));
    const { tasks } = await world.services.runs.find({ ...world.context(agent.as) }, runId).then(async (view) => ({
      tasks: await world.services.history.tasks(view?.run.id ?? '', {}),
    }));
    const taskId = tasks.edges[1]?.node.id;
    expect(await agent.report(claimed, { taskId, attempt: 1, started: true })).toMatchObject({ code: 'CONFLICT' });
    expect(await agent.report(claimed, { attempt: 2, started: true })).toMatchObject({ code: 'NOT_FOUND' });
    const both = { started: true, ended: { outcome: 'FAILED' } };
    expect(await agent.report(claimed, both)).toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('shows progress, never an older one over a newer', async () => {
    const { runId } = await makeRun(world, 'one');
    const told = await agent.started(granted(await agent.claim(runId)));
    await agent.report(told, { sequence: 5, progress: { percent: 40, message: 'forty' } });
    const late = granted(await agent.report(told, { sequence: 4, progress: { percent: 10, message: 'ten' } }));
    expect(late.repeated).toBe(true);
    expect(await showRun(world, runId)).toMatchObject({ progress: 40, message: 'forty' });
  });

  it('keeps its own time when the agent has a clock that is an hour off', async () => {
    const { runId } = await makeRun(world, 'one');
    const told = granted(await agent.claim(runId));
    const claimedAt = world.clock.now();
    world.clock.forward(30_000);
    await agent.report(told, { started: true, age: 20_000 });
    await agent.report(told, { ended: { outcome: 'SUCCEEDED' }, age: 3_600_000 });
    const run = await world.gql<{ run: { tasks: { nodes: { timeStart: string; timeEnd: string }[] } } }>(
      'query ($id: ID!) { run(id: $id) { tasks { nodes { timeStart timeEnd } } } }',
      { id: runId },
    );
    const [task] = run.run.tasks.nodes;
    expect(Date.parse(task?.timeStart ?? '')).toBe(claimedAt + 10_000);
    // More than an hour ago is before the claim: it cannot be.
    expect(Date.parse(task?.timeEnd ?? '')).toBe(claimedAt);
  });
});
