import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEMBER } from '../kit/actors.js';
import { granted, TestAgent } from '../kit/agent.js';
import { backup, makeJob, runNow } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

interface Shown {
  state: string;
  waitReason: string | null;
  waitMessage: string | null;
  job: { whyNot: { code: string; message: string } | null };
}

const RUN = 'query ($id: ID!) { run(id: $id) { state waitReason waitMessage job { whyNot { code message } } } }';

describe.each(storeKinds())('why a run waits (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  /** The one reason, which the run and its job give alike. */
  async function reasonOf(runId: string): Promise<string | null> {
    const { run } = await world.gql<{ run: Shown }>(RUN, { id: runId }, MEMBER);
    expect(run.job.whyNot?.code ?? null).toBe(run.waitReason);
    expect(run.job.whyNot?.message ?? null).toBe(run.waitMessage);
    return run.waitReason;
  }

  /** A run of a job of its own. */
  const runFor = async (client: string): Promise<string> => runNow(world, await makeJob(world, client));

  it('tells a client that never registered from one that is away, and from one that is there', async () => {
    const runId = await runFor('late');
    expect(await reasonOf(runId)).toBe('CLIENT_UNKNOWN');
    const agent = new TestAgent(world, 'late');
    await agent.register();
    expect(await reasonOf(runId)).toBe('WAITING_FOR_CLIENT');
    world.clock.forward(61_000);
    expect(await reasonOf(runId)).toBe('CLIENT_OFFLINE');
    await agent.register();
    const told = granted(await agent.claim(runId));
    expect(await reasonOf(runId)).toBeNull();
    await agent.carryOut(told);
  });

  it('names the limit of a client that holds as many runs as it takes', async () => {
    const agent = new TestAgent(world, 'busy');
    await agent.register();
    const [first, second, third] = [await runFor('busy'), await runFor('busy'), await runFor('busy')];
    const told = granted(await agent.claim(first));
    expect(await reasonOf(second)).toBe('CLIENT_BUSY');
    await agent.register({ maxRuns: 2 });
    expect(await reasonOf(second)).toBe('WAITING_FOR_CLIENT');
    granted(await agent.claim(second));
    expect(await reasonOf(third)).toBe('CLIENT_BUSY');
    await agent.carryOut(told);
    expect(await reasonOf(third)).toBe('WAITING_FOR_CLIENT');
  });

  it('tells overlap from all of these', async () => {
    const jobId = await makeJob(world, 'twice', [backup()], { overlap: 'BUFFER_ONE' });
    await runNow(world, jobId);
    const second = await runNow(world, jobId);
    const { run } = await world.gql<{ run: Shown }>(RUN, { id: second }, MEMBER);
    expect(run).toMatchObject({ state: 'BUFFERED', waitReason: 'BUFFERED' });
  });

  it('says the same of the due time that made the run', async () => {
    const id = await makeJob(world, 'due', [backup()], { start: true });
    await world.pass(1_000);
    const document = 'query ($ids: [ID!]) { dueTimes(filter: { jobs: $ids }) { nodes { outcome reason message } } }';
    const { dueTimes } = await world.gql<{ dueTimes: { nodes: unknown[] } }>(document, { ids: [id] }, MEMBER);
    expect(dueTimes.nodes).toEqual([
      {
        outcome: 'WAITING',
        reason: 'CLIENT_UNKNOWN',
        message: 'The run waits: no client is registered under the key it is for.',
      },
    ]);
  });

  it('asks a fixed number of statements, however many runs wait', async () => {
    for (let number = 0; number < 6; number += 1) await runFor(`many-${number}`);
    const document = `query ($first: Int) {
      runs(filter: { states: [WAITING] }, first: $first) { nodes { waitReason waitMessage } }
      jobs(first: $first) { nodes { whyNot { code } } } }`;
    const count = async (first: number): Promise<number> => {
      const before = world.statements.length;
      await world.gql(document, { first }, MEMBER);
      return world.statements.slice(before).filter((sql) => /^SELECT/.test(sql) && !/events|stream_heads/.test(sql))
        .length;
    };
    await count(2);
    expect(await count(6)).toBe(await count(2));
  });
});
