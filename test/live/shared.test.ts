import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExecutions } from '../../src/live/executions.js';
import type { Live } from '../../src/live/hub.js';
import { commit, fact, freshLogStore, type LogStore, type Process, startProcess } from '../events/log-kit.js';
import { clientOf, hubOf, RunLog } from './live-kit.js';
import { Subscriber } from './subscriber.js';

const CHANGES = 'subscription ($after: String) { clientChanged(after: $after) { key cursor } }';
const OUTPUT =
  'subscription ($after: String, $run: String!) { outputAppended(after: $after, run: $run) { text cursor } }';

describe('shared executions', () => {
  let store: LogStore;
  let server: Process;
  let live: Live;
  beforeAll(async () => {
    store = await freshLogStore('sqlite');
    server = await startProcess(await store.open());
    live = hubOf(server);
  });
  afterAll(async () => {
    await server.close();
    await store.drop();
  });
  const numbered = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${name}:${index}`);

  it('execute once and serialise once for everyone with the same document, variables and rights', async () => {
    const executions = createExecutions();
    const client = clientOf(live);
    const subscribe = () => new Subscriber().start(executions, client.operation({ query: CHANGES }));
    const all = await Promise.all([subscribe(), subscribe(), subscribe()]);
    await commit(server, fact('a', 0), fact('a', 1));
    for (const one of all) expect((await one.until(2)).values('clientChanged', 'key')).toEqual(['a:0', 'a:1']);
    expect(client.context.executed.count).toBe(2);
    expect(executions.counts()).toEqual({ groups: 1, members: 3 });
    expect(all.every((one) => one.shared.length === 2)).toBe(true);
    await Promise.all(all.map((one) => one.leave()));
    expect(executions.counts()).toEqual({ groups: 0, members: 0 });
  });

  it('are not shared across rights (what began before a revocation never with what begins after), variables, or where a field depends on the viewer', async () => {
    const executions = createExecutions();
    const mine = 'subscription { clientChanged { key mine } }';
    const filtered = 'subscription ($project: String) { clientChanged(project: $project) { key } }';
    const requests = [
      { query: CHANGES, rightsKey: 'red' },
      { query: CHANGES, rightsKey: 'blue' },
      { query: filtered, variables: { project: 'red' } },
      { query: filtered, variables: { project: 'default' } },
      { query: mine },
      { query: mine },
    ];
    const all = await Promise.all(
      requests.map((request, index) =>
        new Subscriber().start(executions, clientOf(live, `viewer ${index}`).operation(request)),
      ),
    );
    await commit(server, fact('b', 0));
    const [red, , wrongProject, , , last] = all;
    await Promise.all([red, all[1], all[3], all[4], last].map((one) => one?.until(1)));
    expect(last?.values('clientChanged', 'mine')).toEqual(['viewer 5']);
    expect(wrongProject?.results).toEqual([]);
    expect(executions.counts()).toEqual({ groups: 4, members: 4 });
    await Promise.all(all.map((one) => one.leave()));
  });

  it('serve what a subscriber missed apart, then take it in without gap or duplicate', async () => {
    const executions = createExecutions();
    const client = clientOf(live);
    const early = await new Subscriber().start(executions, client.operation({ query: CHANGES }));
    await commit(server, ...numbered('c', 30).map((_, index) => fact('c', index)));
    await early.until(30);
    const after = early.values('clientChanged', 'cursor')[9];
    const late = await new Subscriber().start(executions, client.operation({ query: CHANGES, variables: { after } }));
    await commit(server, fact('c', 30));
    await late.until(21);
    await commit(server, fact('c', 31));
    await late.until(22);
    expect(late.values('clientChanged', 'key')).toEqual(numbered('c', 32).slice(10));
    expect(late.shared.at(-1)).toBe((await early.until(32)).shared.at(-1));
    expect(executions.counts()).toEqual({ groups: 1, members: 2 });
    await early.leave();
    await commit(server, fact('c', 32));
    expect((await late.until(23)).values('clientChanged', 'key').at(-1)).toBe('c:32');
    await late.leave();
  });

  it('say why a cursor does not work as a result with errors, and end', async () => {
    const executions = createExecutions();
    const operation = clientOf(live).operation({ query: CHANGES, variables: { after: 'broken' } });
    const one = await (await new Subscriber().start(executions, operation)).untilEnded();
    expect(one.results).toMatchObject([{ errors: [{ extensions: { code: 'INVALID_INPUT' } }] }]);
  });

  it('let a stalled subscriber cost bounded memory and harm nobody; states are merged', async () => {
    const executions = createExecutions();
    const client = clientOf(live);
    const stalled = await new Subscriber(4_000).start(executions, client.operation({ query: CHANGES }));
    const quick = await new Subscriber().start(executions, client.operation({ query: CHANGES }));
    stalled.stall();
    for (let from = 0; from < 400; from += 100) {
      await commit(server, ...Array.from({ length: 100 }, (_, index) => fact(`d${(from + index) % 4}`, from + index)));
    }
    await quick.until(400);
    expect(stalled.results).toEqual([]);
    expect(stalled.peak).toBeLessThanOrEqual(4_000);
    stalled.letGo();
    expect(stalled.values('clientChanged', 'key').slice(-4)).toEqual(['d0:396', 'd1:397', 'd2:398', 'd3:399']);
    await Promise.all([stalled.leave(), quick.leave()]);
  });

  it('end a subscriber whose states do not fit even merged with SLOW_CONSUMER and the last cursor it got', async () => {
    const executions = createExecutions();
    const client = clientOf(live);
    const stalled = await new Subscriber(2_000).start(executions, client.operation({ query: CHANGES }));
    const quick = await new Subscriber().start(executions, client.operation({ query: CHANGES }));
    await commit(server, fact('e', 0));
    await stalled.until(1);
    stalled.stall();
    await commit(server, ...Array.from({ length: 100 }, (_, index) => fact(`e${index}`, 1)));
    await quick.until(101);
    stalled.letGo();
    await stalled.untilEnded();
    const [got] = stalled.values('clientChanged', 'cursor');
    expect(stalled.results.at(-1)).toMatchObject({ errors: [{ extensions: { code: 'SLOW_CONSUMER', cursor: got } }] });
    expect(executions.counts().members).toBe(1);
    await quick.leave();
  });

  it('bring a slow reader of output back to pulling at its own pace, with every line', async () => {
    const executions = createExecutions();
    const run = new RunLog(server, 'run_slow');
    const client = clientOf(live, 'me', async () => run.ended);
    const request = { query: OUTPUT, variables: { run: run.id } };
    const slow = await new Subscriber(3_000).start(executions, client.operation(request));
    const quick = await new Subscriber().start(executions, client.operation(request));
    await run.append('first');
    await Promise.all([slow.until(1), quick.until(1)]);
    slow.stall();
    const lines = numbered('line', 600);
    for (let from = 0; from < lines.length; from += 100) await run.append(...lines.slice(from, from + 100));
    await quick.until(601);
    expect(slow.peak).toBeLessThanOrEqual(3_000);
    slow.letGo();
    await slow.until(601);
    await run.append('last');
    run.end();
    for (const one of [await slow.untilEnded(), await quick.untilEnded()]) {
      expect(one.values('outputAppended', 'text')).toEqual(['first', ...lines, 'last']);
    }
    expect(executions.counts()).toEqual({ groups: 0, members: 0 });
  });

  it('resume output behind a cursor, also after the run has ended', async () => {
    const executions = createExecutions();
    const run = new RunLog(server, 'run_done');
    await run.append('one', 'two', 'three');
    run.end();
    const client = clientOf(live, 'me', async () => run.ended);
    const open = (after: unknown) =>
      new Subscriber().start(executions, client.operation({ query: OUTPUT, variables: { run: run.id, after } }));
    const whole = await (await open(null)).untilEnded();
    expect(whole.values('outputAppended', 'text')).toEqual(['one', 'two', 'three']);
    const rest = await (await open(whole.values('outputAppended', 'cursor')[0])).untilEnded();
    expect(rest.values('outputAppended', 'text')).toEqual(['two', 'three']);
    const foreign = client.operation({
      query: OUTPUT,
      variables: { run: 'run_x', after: whole.values('outputAppended', 'cursor')[0] },
    });
    const refused = await (await new Subscriber().start(executions, foreign)).untilEnded();
    expect(refused.results).toMatchObject([{ errors: [{ extensions: { code: 'INVALID_INPUT' } }] }]);
  });
});
