import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEMBER } from '../kit/actors.js';
import { granted, type Piece, TestAgent, type Told } from '../kit/agent.js';
import { backup, makeRun } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

interface Shown {
  position: number;
  stream: string;
  text: string;
  attempt: number;
  cut: { bytes: number; lines: number } | null;
}

interface Page {
  totalCount: number;
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null };
  nodes: Shown[];
}

const OUTPUT = `query ($id: ID!, $first: Int, $last: Int, $after: String, $before: String) { run(id: $id) {
  output(first: $first, last: $last, after: $after, before: $before) { totalCount
  pageInfo { hasNextPage hasPreviousPage endCursor } nodes { position stream text attempt cut { bytes lines } } } } }`;

const piece = (sequence: number, text = `line ${sequence}\n`, stream = 'STDOUT'): Piece => ({ sequence, text, stream });

describe.each(storeKinds())('the output of a run (%s)', (store) => {
  let world: World;
  let agent: TestAgent;
  beforeAll(async () => {
    world = await createWorld({ store, settings: { outputLimit: 4_000 } });
    agent = new TestAgent(world, 'one');
    await agent.register();
  });
  afterAll(() => world.close());

  async function begun(actions = [backup()]): Promise<{ runId: string; told: Told }> {
    const { runId } = await makeRun(world, 'one', actions);
    return { runId, told: await agent.started(granted(await agent.claim(runId))) };
  }

  async function output(id: string, page: Record<string, unknown> = {}): Promise<Page> {
    const { run } = await world.gql<{ run: { output: Page } }>(
      OUTPUT,
      { id, first: 'last' in page ? null : 500, ...page },
      MEMBER,
    );
    return run.output;
  }

  it('is stored once, whatever the agent repeats, in order', async () => {
    const batches = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 4 }), back: fc.integer({ min: 0, max: 6 }) }),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(batches, async (plan) => {
        const { runId, told } = await begun();
        let sent = 0;
        for (const { size, back } of plan) {
          const from = Math.max(0, sent - back);
          const to = Math.max(sent, from + size);
          const pieces = Array.from({ length: to - from }, (_, index) => piece(from + index + 1));
          const { repeated } = granted(await agent.append(told, pieces));
          expect(repeated).toBe(sent - from);
          sent = to;
        }
        const { nodes } = await output(runId);
        expect(nodes.map(({ text }) => text)).toEqual(
          Array.from({ length: sent }, (_, index) => `line ${index + 1}\n`),
        );
        expect(nodes.map(({ position }) => position)).toEqual(nodes.map((_, index) => index + 1));
        granted(await agent.ended(told, { outcome: 'SUCCEEDED' }));
      }),
      { numRuns: 10 },
    );
  });

  it('takes the same batch from two calls at once, and stores it once', async () => {
    const { runId, told } = await begun();
    const pieces = [piece(1), piece(2, 'oops\n', 'STDERR')];
    const answers = await Promise.all([
      agent.append(told, pieces),
      agent.append(told, pieces),
      agent.append(told, pieces),
    ]);
    expect(answers.map((answer) => granted(answer).repeated).sort()).toEqual([0, 2, 2]);
    expect((await output(runId)).nodes.map(({ stream, text }) => [stream, text])).toEqual([
      ['STDOUT', 'line 1\n'],
      ['STDERR', 'oops\n'],
    ]);
  });

  it('refuses a piece that comes too early, too long, or of an attempt that is not of the run', async () => {
    const { runId, told } = await begun();
    expect(await agent.append(told, [piece(2)])).toMatchObject({ code: 'CONFLICT' });
    expect(await agent.append(told, [piece(1, 'x'.repeat(32 * 1024 + 1))])).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await agent.append(told, [{ ...piece(1), taskId: 'task_none' }])).toMatchObject({ code: 'NOT_FOUND' });
    expect((await output(runId)).nodes).toEqual([]);
  });

  it('keeps every character that a store can hold', async () => {
    const { runId, told } = await begun();
    const text = 'ü 漢 😀 %s \\ \' " \t\r\n';
    granted(await agent.append(told, [piece(1, text), piece(2, 'a\0b\ud800c')]));
    expect((await output(runId)).nodes.map((node) => node.text)).toEqual([text, 'a\u2400b\ufffdc']);
  });

  it('is read by pages, forwards and from the end', async () => {
    const { runId, told } = await begun();
    granted(
      await agent.append(
        told,
        Array.from({ length: 7 }, (_, index) => piece(index + 1)),
      ),
    );
    const first = await output(runId, { first: 3 });
    expect(first).toMatchObject({ totalCount: 7, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    const next = await output(runId, { first: 10, after: first.pageInfo.endCursor });
    expect(next.nodes.map(({ position }) => position)).toEqual([4, 5, 6, 7]);
    const tail = await output(runId, { last: 2 });
    expect(tail.nodes.map(({ position }) => position)).toEqual([6, 7]);
    expect(tail.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('beyond its bound keeps head and tail of an attempt, and says what is missing', async () => {
    const { runId, told } = await begun([backup({ maxRetries: 1, maxRetriesInterval: 0 })]);
    const line = (index: number): string => `${String(index).padStart(9, '0')}\n`;
    for (let from = 0; from < 2_000; from += 500) {
      const pieces = Array.from({ length: 500 }, (_, index) => piece(from + index + 1, line(from + index)));
      granted(await agent.append(told, pieces));
    }
    const pages = [await output(runId)];
    while (pages.at(-1)?.pageInfo.hasNextPage)
      pages.push(await output(runId, { after: pages.at(-1)?.pageInfo.endCursor }));
    const nodes = pages.flatMap((page) => page.nodes);
    const kept = nodes.reduce((sum, { text }) => sum + text.length, 0);
    expect(kept).toBeLessThanOrEqual(4_000);
    expect(kept).toBeGreaterThan(3_500);
    expect(nodes[0]?.text).toBe(line(0));
    expect(nodes.at(-1)?.text).toBe(line(1_999));
    const marked = nodes.filter(({ cut }) => cut !== null);
    expect(marked).toHaveLength(1);
    expect(marked[0]?.cut).toEqual({ bytes: 20_000 - kept, lines: 2_000 - nodes.length });
    const again = granted(await agent.append(told, [piece(700, line(699))]));
    expect(again.repeated).toBe(1);
    // The next attempt has a bound of its own.
    const second = await agent.started(await agent.ended(told, { outcome: 'FAILED' }));
    granted(await agent.append(second, [piece(1, 'again\n')]));
    const last = (await output(runId, { last: 1 })).nodes[0];
    expect(last).toMatchObject({ text: 'again\n', attempt: 2, cut: null });
  });
});
