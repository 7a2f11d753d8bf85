import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actor, OTHER_MEMBER } from '../kit/actors.js';
import { granted, TestAgent, type Told } from '../kit/agent.js';
import { backup, makeRun } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

describe.each(storeKinds())('the rights on runs (%s)', (store) => {
  let world: World;
  let runId: string;
  let told: Told;
  let taskId: string;
  beforeAll(async () => {
    world = await createWorld({ store });
    const agent = new TestAgent(world, 'mine');
    await agent.register();
    ({ runId } = await makeRun(world, 'mine', [backup()]));
    told = await agent.started(granted(await agent.claim(runId)));
    taskId = told.instruction.task?.id ?? '';
  });
  afterAll(() => world.close());

  const NODES = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';

  it("show a run and its tasks to its project and its own client's agent, to nobody else", async () => {
    const ids = [runId, taskId];
    const seen = async (as: Parameters<World['gql']>[2]) =>
      (await world.gql<{ nodes: unknown[] }>(NODES, { ids }, as)).nodes;
    const whole = ids.map((id) => ({ id }));
    expect(await seen(actor('READER', 'default'))).toEqual(whole);
    expect(await seen(actor('AGENT', 'default', 'mine'))).toEqual(whole);
    expect(await seen(actor('AGENT', 'default', 'other'))).toEqual([null, null]);
    expect(await seen(actor('AGENT', 'other', 'mine'))).toEqual([null, null]);
    expect(await seen(OTHER_MEMBER)).toEqual([null, null]);
    const run = 'query ($id: ID!) { run(id: $id) { id } }';
    expect(await world.gql(run, { id: runId }, OTHER_MEMBER)).toEqual({ run: null });
    const list = await world.gql<{ runs: { nodes: unknown[] } }>('{ runs { nodes { id } } }', {}, OTHER_MEMBER);
    expect(list.runs.nodes).toEqual([]);
  });

  it("answer NOT_FOUND to an agent that touches another client's run", async () => {
    for (const [key, project] of [
      ['other', 'default'],
      ['mine', 'other'],
    ] as const) {
      const stranger = new TestAgent(world, key, project);
      await stranger.register();
      const missing = { __typename: 'NotFoundError', code: 'NOT_FOUND' };
      expect(await stranger.claim(runId)).toMatchObject(missing);
      expect(await stranger.renew(told)).toMatchObject(missing);
      expect(await stranger.report(told, { ended: { outcome: 'FAILED' } })).toMatchObject(missing);
      expect(await stranger.append(told, [{ sequence: 1, text: 'x' }])).toMatchObject(missing);
      expect(await stranger.release(told)).toMatchObject(missing);
    }
  });

  it('finds a run by its number', async () => {
    const { run } = await world.gql<{ run: { number: number } }>('query ($id: ID!) { run(id: $id) { number } }', {
      id: runId,
    });
    const found = await world.gql('query ($id: ID!) { run(id: $id) { id } }', { id: String(run.number) });
    expect(found).toEqual({ run: { id: runId } });
  });
});
