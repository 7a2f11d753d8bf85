import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/lib/json.js';
import { ADMIN } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { Reporter, rowsOf, unique } from './deployments.js';

/** Objects and lists so many deep. */
const nested = (depth: number): JsonValue =>
  depth === 0 ? 1 : depth % 2 === 0 ? [nested(depth - 1)] : { a: nested(depth - 1) };

const HALF = 'half of \ud800';
const task = (taskName: string, more: object = {}) => ({ taskName, nodeId: '1', status: 'READY', ...more });

/** What one store would hold and another would not, or not as it was given. */
describe.each(storeKinds())('what no store can hold (%s)', (store) => {
  let world: World;
  let reporter: Reporter;
  beforeAll(async () => {
    world = await createWorld({ store });
    reporter = new Reporter(world);
  });
  afterAll(() => world.close());

  const tasksOf = async (id: string) => (await rowsOf(world, id)).map(({ task: name }) => name);

  it('refuses JSON that is nested too deep by its index, and keeps what is as deep as it may be', async () => {
    const id = await reporter.started();
    const answer = await reporter.report(id, [
      task('a', { summary: nested(30) }),
      task('b', { summary: nested(31) }),
      task('c', { custom: { a: nested(29) } }),
      task('d', { custom: { a: nested(30) } }),
      task('e', { summary: nested(1_000) }),
    ]);
    expect(answer.refused?.map(({ index, code, field }) => [index, code, field])).toEqual([
      [1, 'TOO_DEEP', 'summary'],
      [3, 'TOO_DEEP', 'custom'],
      [4, 'TOO_DEEP', 'summary'],
    ]);
    expect(await tasksOf(id)).toEqual(['a', 'c']);
    const start = (settings: JsonValue) =>
      reporter.tell('start', { cluster: 'lab', externalId: unique('d'), settings });
    expect(await start(nested(29))).toMatchObject({ outcome: 'STARTED' });
    expect(await start({ a: nested(30) })).toMatchObject({ code: 'INVALID_INPUT', path: ['settings'] });
    expect(await start({ a: HALF })).toMatchObject({ code: 'INVALID_INPUT', path: ['settings'] });
  });

  it('refuses half of a surrogate pair by its index, wherever it stands', async () => {
    const id = await reporter.started();
    const answer = await reporter.report(id, [
      task(HALF),
      task('a', { graphTaskId: HALF }),
      task('a', { nodeId: HALF }),
      task('a', { summary: [{ text: HALF }] }),
      task('a', { summary: { [HALF]: 1 } }),
      task('a', { custom: { text: '\udfff' } }),
      task('a', { reason: HALF }),
      task('whole', { reason: 'A whole 🪐.', summary: ['🪐', '\\ud800 as six characters'] }),
    ]);
    expect(answer.refused?.map(({ index, code, field }) => [index, code, field])).toEqual([
      [0, 'INVALID_EVENT', 'taskName'],
      [1, 'INVALID_EVENT', 'graphTaskId'],
      [2, 'INVALID_EVENT', 'nodeId'],
      [3, 'INVALID_EVENT', 'summary'],
      [4, 'INVALID_EVENT', 'summary'],
      [5, 'INVALID_EVENT', 'custom'],
      [6, 'INVALID_EVENT', 'reason'],
    ]);
    expect(await rowsOf(world, id)).toMatchObject([
      { task: 'whole', reason: 'A whole 🪐.', summary: { value: ['🪐', '\\ud800 as six characters'] } },
    ]);
  });

  it('refuses names that MariaDB would take for others', async () => {
    const id = await reporter.started();
    const answer = await reporter.report(id, [
      task('a', { nodeId: '5' }),
      task('a', { nodeId: '5 ' }),
      task(' a'),
      task('a', { graphTaskId: 'a\u0000' }),
    ]);
    expect(answer.refused?.map(({ index, field }) => [index, field])).toEqual([
      [1, 'nodeId'],
      [2, 'taskName'],
      [3, 'graphTaskId'],
    ]);
    expect(await reporter.report(id, [task('b')], 'r')).toMatchObject({ outcome: 'TAKEN_IN' });
    expect(await reporter.report(id, [task('b')], 'r ')).toMatchObject({ code: 'INVALID_INPUT', path: ['reportId'] });
    const start = (more: object) => reporter.tell('start', { cluster: 'M1', externalId: unique('d'), ...more });
    const graph = { tasks: [{ name: 'a', nodes: ['1', '1 '] }] };
    expect(await start({ graph })).toMatchObject({ path: ['graph', 'tasks', '0', 'nodes', '1'] });
    expect(await start({ cluster: 'M1 ' })).toMatchObject({ code: 'INVALID_INPUT', path: ['cluster'] });
    expect(await start({ externalId: 'x\t' })).toMatchObject({ code: 'INVALID_INPUT', path: ['externalId'] });
    expect(await start({ externalId: 'x' })).toMatchObject({ outcome: 'STARTED' });
    const end = (ref: object) => reporter.tell('end', { status: 'READY', ...ref });
    expect(await end({ externalId: 'x ', cluster: 'M1' })).toMatchObject({ code: 'NOT_FOUND', path: ['externalId'] });
    expect(await end({ externalId: 'x', cluster: 'M1 ' })).toMatchObject({ code: 'NOT_FOUND', path: ['cluster'] });
  });

  it('takes a report whose statements would be larger than the database takes', async () => {
    const id = await reporter.started();
    // Each quote and each line end is a character more once in JSON, and another one in SQL.
    const text = '"\n'.repeat(1024 * 200);
    const events = Array.from({ length: 15 }, (_one, index) => ({ ...task(`t${index}`), summary: { text } }));
    const { reports } = world.services;
    const taken = await reports.report(world.context(ADMIN), { transactionId: id, reportId: 'large', events });
    expect(taken).toMatchObject({ outcome: 'TAKEN_IN', accepted: 15, refused: [] });
    const [row] = (await rowsOf(world, id)).slice(-1);
    expect(row?.summary).toEqual({ value: { text } });
  });
});
