import { type GraphQLObjectType, getNamedType, isLeafType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/schema/schema.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { makeJob } from './kit.js';

interface Listed {
  jobs: { nodes: Record<string, unknown>[] };
}

describe.each(storeKinds())('the columns that a list of jobs reads, on %s', (store) => {
  let world: World;
  let id: string;
  beforeAll(async () => {
    world = await createWorld({ store });
    id = await makeJob(world, { key: 'one', schedule: { cron: { hour: 3 } }, staleAfter: 60, description: 'one' });
  });
  afterAll(() => world.close());

  /** The statement that read the list of a query. */
  async function statementOf(query: string): Promise<string> {
    const before = world.statements.length;
    await world.gql(query);
    return world.statements.slice(before).find((sql) => /FROM .jobs. .job./.test(sql)) ?? '';
  }

  it('are enough for each field alone', async () => {
    const fields = Object.values((buildSchema().getType('Job') as GraphQLObjectType).getFields());
    const plain = fields.filter(({ type, args }) => isLeafType(getNamedType(type)) && args.length === 0);
    expect(plain.length).toBeGreaterThan(25);
    for (const { name } of plain) {
      const { jobs } = await world.gql<Listed>(`{ jobs { nodes { ${name} } } }`);
      const { job } = await world.gql<{ job: Record<string, unknown> }>(`{ job(id: "${id}") { ${name} } }`);
      expect(jobs.nodes, name).toEqual([job]);
    }
  });

  it('are those of the fields asked for, by whatever way', async () => {
    const nodes = await statementOf(
      '{ jobs { nodes { state: status __typename } edges { node { ...Name } } } } fragment Name on Job { key }',
    );
    expect(nodes).toMatch(/.status. AS .*.key. AS /s);
    expect(nodes).not.toMatch(/schedule|description/);
    const skipped = await statementOf('{ jobs { nodes { key ... on Node { id } description @skip(if: true) } } }');
    expect(skipped).toMatch(/description/);
    expect(skipped).not.toMatch(/schedule/);
  });

  it('are all of the head where a field is worked out', async () => {
    const sql = await statementOf('{ jobs { nodes { key canStart } } }');
    expect(sql).toMatch(/schedule/);
    expect(sql).not.toMatch(/action_defaults/);
  });
});
