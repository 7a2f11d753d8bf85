import { isInterfaceType, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeCursor } from '../../src/db/cursor.js';
import { buildSchema } from '../../src/schema/schema.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { storeKinds } from '../kit/stores.js';
import { Caller, LEAK, Maker, type Variables } from './places.js';
import { isConnection, outputFields } from './schema-types.js';

const schema = buildSchema();
const LISTS = outputFields(schema)
  .filter(({ field }) => isConnection(field))
  .map(({ place, owner, field }) => ({ place, owner, name: field.name }));

/** How an object of each type that has lists is asked for. */
const OWNERS: Readonly<Record<string, (list: string) => string>> = {
  Query: (list) => list,
  Job: (list) => `job(id: $job) { ${list} }`,
  JobRun: (list) => `run(id: $run) { ${list} }`,
  Client: (list) => `client(id: $client) { ${list} }`,
  Cluster: (list) => `cluster(id: $cluster) { ${list} }`,
  ClusterNode: (list) => `cluster(id: $cluster) { node(id: "1") { ${list} } }`,
  ReportedNode: (list) => `cluster(id: $cluster) { node(id: "1") { ... on ReportedNode { ${list} } } }`,
  Transaction: (list) => `transaction(id: $deployment) { ${list} }`,
  Deployment: (list) => `transaction(id: $deployment) { ... on Deployment { ${list} } }`,
  TransactionDiff: (list) => `transactionDiff(a: $deployment, b: $other) { ${list} }`,
  Service: (list) => `service(id: $service) { ${list} }`,
  BackgroundJob: (list) => `backgroundJob(id: $bgjob) { ${list} }`,
};

/** A cursor with other values in the place of its own. */
function forged(cursor: string, values: (own: readonly unknown[]) => readonly unknown[]): string {
  const [scope, ...own] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  return Buffer.from(JSON.stringify([scope, ...values(own)])).toString('base64url');
}

describe.each(storeKinds())('cursors of every list (%s)', (store) => {
  let server: TestServer;
  let maker: Maker;
  let objects: Variables;
  beforeAll(async () => {
    server = await startTestServer({ store, flags: { rateLimit: '0' } });
    maker = new Maker(server, { project: 'default', clientKey: 'host', sessionId: 'session-1', mark: 'mark' });
    const client = await maker.client('host');
    const [job, run, service] = [await maker.plannedJob(), await maker.runWithOutput(), await maker.service()];
    const deployment = await maker.failedDeployment();
    const { transaction } = await new Caller(server).data<{ transaction: { cluster: { id: string } } }>(
      'query ($id: ID!) { transaction(id: $id) { ... on Deployment { cluster { id } } } }',
      { id: deployment },
    );
    objects = {
      job: job.id,
      run,
      client,
      cluster: transaction.cluster.id,
      deployment,
      other: await maker.failedDeployment(),
      service: service.id,
      bgjob: `job-run/${job.id}`,
    };
  });
  afterAll(() => server.stop());

  /** A document that reads one list of the schema, with its page as variables. */
  function documentOf({ owner, name }: (typeof LISTS)[number]): string {
    const asked = OWNERS[owner];
    if (!asked) throw new Error(`The test does not know how to ask for an object of the type ${owner}.`);
    const body = asked(`${name}(first: $first, last: $last, after: $after, before: $before) {
      edges { cursor } pageInfo { hasNextPage hasPreviousPage } }`);
    const used = Object.keys(objects).filter((id) => body.includes(`$${id}`));
    const ids = used.map((id) => `, $${id}: ID!`).join('');
    return `query ($first: Int, $last: Int, $after: String, $before: String${ids}) { ${body} }`;
  }

  async function ask(list: (typeof LISTS)[number], page: Variables) {
    const document = documentOf(list);
    const ids = Object.fromEntries(Object.entries(objects).filter(([id]) => document.includes(`$${id}`)));
    return (await new Caller(server).call(document, { ...page, ...ids })).body;
  }

  interface Page {
    readonly edges: readonly { readonly cursor: string }[];
  }

  /** A page, wherever it stands in the answer. Throws where there is none. */
  async function pageOf(list: (typeof LISTS)[number], page: Variables): Promise<Page> {
    const { data, errors } = await ask(list, page);
    const held = (value: unknown): Page | null => {
      if (typeof value !== 'object' || value === null) return null;
      return 'edges' in value ? (value as Page) : held(Object.values(value)[0]);
    };
    const found = held(data);
    if (!found || errors) throw new Error(JSON.stringify({ list, data, errors }));
    return found;
  }

  it('the schema has lists, and all of them are known here', () => {
    expect(LISTS.length).toBeGreaterThan(30);
    const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) || isInterfaceType(type));
    const names = types.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(OWNERS)));
    expect(Object.keys(OWNERS)).toEqual(expect.arrayContaining(LISTS.map(({ owner }) => owner)));
  });

  const BROKEN = ['zzz', '', '💾', encodeCursor('nothing', [1, 'x'])];
  const SIZES: Variables[] = [{}, { first: 2 }, { last: 2 }];

  it.each(LISTS)('$place refuses those that are no cursors of it, as `after` and as `before`', async (list) => {
    const { edges } = await pageOf(list, {});
    const own = edges
      .slice(0, 1)
      .flatMap(({ cursor }) => [
        forged(cursor, (values) => values.map(() => null)),
        forged(cursor, (values) => [...values, 1]),
        forged(cursor, (values) => values.slice(1)),
      ]);
    const asked = SIZES.flatMap((size) =>
      ['after', 'before'].flatMap((bound) => [...BROKEN, ...own].map((cursor) => ({ ...size, [bound]: cursor }))),
    );
    for (const page of asked) {
      const { errors } = await ask(list, page);
      const told = errors?.map(({ message, extensions }) => [/cursor/.test(message), extensions?.code]);
      expect([page, told]).toEqual([page, [[true, 'INVALID_INPUT']]]);
      expect(JSON.stringify(errors)).not.toMatch(LEAK);
    }
  });

  it.each(LISTS)('$place is narrowed by both', async (list) => {
    const cursors = (await pageOf(list, {})).edges.map(({ cursor }) => cursor);
    const shown = async (page: Variables) => (await pageOf(list, page)).edges.map(({ cursor }) => cursor);
    const [after, before] = [cursors[0], cursors.at(-1)];
    expect(await shown({ after })).toEqual(cursors.slice(1));
    expect(await shown({ before })).toEqual(cursors.slice(0, -1));
    expect(await shown({ first: 500, after, before })).toEqual(cursors.slice(1, -1));
    expect(await shown({ first: 1, before })).toEqual(cursors.slice(0, -1).slice(0, 1));
    const last = await ask(list, { last: 1, after });
    if (list.name === 'dueTimes') expect(last.errors?.[0]?.extensions?.code).toBe('INVALID_INPUT');
    else expect(await shown({ last: 1, after })).toEqual(cursors.slice(1).slice(-1));
  });

  it('`before` alone is the first page of what stands before it', async () => {
    const keys = ['j1', 'j2', 'j3', 'j4', 'j5'];
    for (const key of keys) await maker.job({ key });
    const document = `query ($keys: [String!], $first: Int, $last: Int, $after: String, $before: String) {
      jobs(filter: { keys: $keys }, first: $first, last: $last, after: $after, before: $before) {
        edges { cursor node { key } } pageInfo { hasNextPage hasPreviousPage } } }`;
    interface Jobs {
      edges: { cursor: string; node: { key: string } }[];
      pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean };
    }
    const read = async (page: Variables) =>
      (await new Caller(server).data<{ jobs: Jobs }>(document, { keys, ...page })).jobs;
    const { edges } = await read({});
    const [j5, , j3, , j1] = edges.map(({ cursor }) => cursor);
    const show = async (page: Variables) => {
      const { edges, pageInfo } = await read(page);
      return [edges.map(({ node }) => node.key).join(' '), pageInfo.hasPreviousPage, pageInfo.hasNextPage];
    };
    expect(await show({})).toEqual(['j5 j4 j3 j2 j1', false, false]);
    expect(await show({ before: j3 })).toEqual(['j5 j4', false, false]);
    expect(await show({ first: 1, before: j3 })).toEqual(['j5', false, true]);
    expect(await show({ last: 1, before: j3 })).toEqual(['j4', true, true]);
    expect(await show({ last: 2, after: j3 })).toEqual(['j2 j1', false, false]);
    expect(await show({ last: 1, after: j3, before: j1 })).toEqual(['j2', false, true]);
    expect(await show({ first: 2, after: j5, before: j1 })).toEqual(['j4 j3', true, true]);
    expect(await show({ first: 3, after: j5, before: j1 })).toEqual(['j4 j3 j2', true, false]);
    expect(await show({ after: j1, before: j5 })).toEqual(['', true, false]);
  });
});
