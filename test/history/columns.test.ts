import { type GraphQLObjectType, getNamedType, isLeafType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/schema/schema.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { Reporter } from './deployments.js';

type Rows = { nodes: Record<string, unknown>[] };

/** Each list of tasks, as the query that reads some fields of it, from one range of an index and from several. */
const LISTS = {
  'of a transaction': (fields: string) => `{ transaction(id: 1) { tasks { nodes { ${fields} } } } }`,
  'of a transaction, of one node': (fields: string) =>
    `{ transaction(id: 1) { tasks(filter: { nodes: ["1"] }) { nodes { ${fields} } } } }`,
  'of everything': (fields: string) => `{ taskHistory { nodes { ${fields} } } }`,
  'of a cluster': (fields: string) => `{ cluster(id: "lab") { taskHistory { nodes { ${fields} } } } }`,
};

const rowsOf = (answer: Record<string, unknown>): Rows => {
  const { nodes, ...rest } = answer;
  return Array.isArray(nodes) ? { nodes } : rowsOf(Object(Object.values(rest)[0]));
};

describe.each(storeKinds())('the columns that a list of tasks reads (%s)', (store) => {
  let world: World;
  let id: string;

  beforeAll(async () => {
    world = await createWorld({ store });
    const reporter = new Reporter(world);
    const transactionId = await reporter.started({ graph: { tasks: [{ name: 'prepare', nodes: ['1'] }] } });
    await reporter.report(transactionId, [{ taskName: 'prepare', nodeId: '1', status: 'running' }]);
    const { nodes } = rowsOf(await world.gql<Record<string, unknown>>(LISTS['of everything']('id')));
    id = String(nodes[0]?.id);
  });
  afterAll(() => world.close());

  it.each(Object.entries(LISTS))('%s are enough for each field alone', async (_list, query) => {
    const fields = Object.values((buildSchema().getType('Task') as GraphQLObjectType).getFields());
    const plain = fields.filter(({ type, args }) => isLeafType(getNamedType(type)) && args.length === 0);
    expect(plain.length).toBeGreaterThan(12);
    for (const { name } of plain) {
      const { task } = await world.gql<{ task: Record<string, unknown> }>(`{ task(id: "${id}") { ${name} } }`);
      expect(rowsOf(await world.gql<Record<string, unknown>>(query(name))).nodes, name).toEqual([task]);
    }
  });

  it.each(Object.entries(LISTS))('%s are those of the fields asked for', async (_list, query) => {
    const before = world.statements.length;
    await world.gql(query('name nodeId'));
    const sql = world.statements
      .slice(before)
      .filter((text) => /FROM .*tasks/s.test(text))
      .join('\n');
    expect(sql).toMatch(/taskName/);
    expect(sql).not.toMatch(/custom|decided_by|reason/);
  });
});
