import type { FormattedExecutionResult } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../src/auth/actor.js';
import { POLICY, type Rule } from '../../src/auth/policy.js';
import { buildSchema } from '../../src/schema/schema.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { storeKinds } from '../kit/stores.js';
import { documentOf, operationOf } from './documents.js';
import { type Answer, Caller, liveCursor, Maker, type Place, type Variables } from './places.js';
import { idsIn, type RootField, SAMPLES } from './samples.js';
import { nextOf, openSocket } from './socket.js';

const schema = buildSchema();
const FIELDS = Object.keys(POLICY) as RootField[];
const BLUE: Place = { project: 'blue', clientKey: 'host', sessionId: 'session-blue', mark: 'mark-of-blue' };
const RED: Place = { project: 'red', clientKey: 'host', sessionId: 'session-red', mark: 'mark-of-red' };

/** Who calls, by name: a role, and where it reaches. */
const CALLERS = {
  admin: { role: 'ADMIN' },
  operator: { role: 'OPERATOR' },
  'reader of all': { role: 'READER' },
  'member of blue': { role: 'MEMBER', project: 'blue' },
  'reader of blue': { role: 'READER', project: 'blue' },
  'agent of the client in blue': { role: 'AGENT', project: 'blue', clientKey: 'host' },
} as const satisfies Record<string, { role: Role; project?: string; clientKey?: string }>;

/** Who sees nothing of the client "host" in blue. */
const STRANGERS = {
  'member of red': { role: 'MEMBER', project: 'red' },
  'reader of red': { role: 'READER', project: 'red' },
  'agent of a client of that name in red': { role: 'AGENT', project: 'red', clientKey: 'host' },
  'agent of another client in blue': { role: 'AGENT', project: 'blue', clientKey: 'other' },
} as const satisfies Record<string, { role: Role; project: string; clientKey?: string }>;

const codesOf = ({ errors = [] }: Answer['body']): unknown[] => errors.map(({ extensions }) => extensions?.code);

/** The type of what a root field answered; null when it answered null. */
function typenameOf(data: Record<string, unknown> | null | undefined, field: string): unknown {
  const value = data?.[field];
  return typeof value === 'object' && value !== null ? Reflect.get(value, '__typename') : value;
}

describe.each(storeKinds())('rights over HTTP and WebSocket (%s)', (store) => {
  let server: TestServer;
  let blue: Maker;
  let red: Maker;
  let cursor: string;
  const secrets = new Map<string, string>();
  const secretOf = (name: string): string => secrets.get(name) ?? '';

  beforeAll(async () => {
    server = await startTestServer({ store, flags: { rateLimit: '0' } });
    blue = new Maker(server, BLUE);
    red = new Maker(server, RED);
    cursor = await liveCursor(server);
    for (const maker of [blue, red]) await maker.client('host');
    for (const [name, grant] of Object.entries({ ...CALLERS, ...STRANGERS })) {
      const maker = name.endsWith('red') ? red : blue;
      secrets.set(name, (await maker.token(grant.role, { ...grant })).secret);
    }
  });
  afterAll(() => server.stop());

  async function ask(token: string | null, field: RootField, variables: Variables): Promise<Answer['body']> {
    const document = documentOf(schema, field, Object.keys(variables));
    if (operationOf(schema, field) !== 'subscription')
      return (await new Caller(server, token).call(document, variables)).body;
    const socket = openSocket(server.endpoint, token);
    try {
      return await nextOf(socket.follow(document, variables));
    } finally {
      await socket.end();
    }
  }

  describe.each(Object.entries(CALLERS))('%s', (name, grant) => {
    const { role } = grant;
    const ofAll = !('project' in grant);
    const allowed = FIELDS.filter(
      (field) =>
        (POLICY[field].roles as readonly Role[]).includes(role) &&
        (ofAll || (POLICY[field] as Rule).reach !== 'OPERATOR'),
    );
    const forbidden = FIELDS.filter((field) => !allowed.includes(field));

    it.each(allowed)('may use %s', async (field) => {
      const variables = await SAMPLES[field](blue, cursor);
      const { data, errors } = await ask(secretOf(name), field, variables);
      expect(errors).toBeUndefined();
      expect(data?.[field]).not.toBeNull();
      expect(JSON.stringify(data?.[field])).not.toMatch(/"__typename":"\w+Error"/);
    });

    it.runIf(forbidden.length > 0).each(forbidden)('may not use %s, and changes nothing', async (field) => {
      const variables = await SAMPLES[field](blue, cursor);
      const before = await stateOf(variables);
      const answer = await ask(secretOf(name), field, variables);
      expect(codesOf(answer)).toEqual(['FORBIDDEN']);
      expect(answer.data?.[field] ?? null).toBeNull();
      expect(await stateOf(variables)).toEqual(before);
      await expectRefusal(field, role, 'FORBIDDEN');
    });
  });

  const NODES = `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id
    ... on Job { revision jobStatus: status event updatedAt description }
    ... on JobRun { state status leaseUntil progress }
    ... on Deployment { deploymentStatus: status name } ... on Cluster { clusterRevision: revision removedAt } ... on Client { removed description hostname version } ... on Task { taskStatus: status } ... on ApiToken { revokedAt } ... on Service { serviceState: state } ... on BackgroundJob { generation tag } }
    activity(first: 1, filter: { outcome: "OK" }) { nodes { id } } }`;

  /** What a stranger might have changed of the objects that a call names, and the last command of all. */
  async function stateOf(variables: Variables): Promise<unknown> {
    return new Caller(server).data(NODES, { ids: idsIn(variables) });
  }

  /** By what programs report, which leaves no row. */
  const REPORTS: ReadonlySet<string> = new Set([
    'runClaim',
    'runRenew',
    'runReport',
    'runOutputAppend',
    'transactionReport',
  ]);

  /** The newest row of the activity by a mutation says who tried, and how it ended. */
  async function expectRefusal(field: RootField, role: Role, outcome: string): Promise<void> {
    if (operationOf(schema, field) !== 'mutation') return;
    const { activity } = await new Caller(server).data<{ activity: { nodes: unknown[] } }>(
      'query ($action: String!) { activity(first: 1, filter: { action: $action }) { nodes { role outcome via } } }',
      { action: field },
    );
    expect(activity.nodes).toEqual(REPORTS.has(field) ? [] : [{ role, outcome, via: 'HTTP' }]);
  }

  describe.each(Object.entries(STRANGERS))('%s', (name, { role }) => {
    const allowed = FIELDS.filter((field) => (POLICY[field].roles as readonly Role[]).includes(role));
    const foreign = allowed.filter((field) => POLICY[field].reach === 'PROJECT');
    const single = ['node', 'job', 'run', 'client', 'transaction', 'task', 'transactionDiff', 'backgroundJob'];
    const kindOf = (field: RootField) => operationOf(schema, field);

    it.each(foreign.filter((field) => kindOf(field) === 'query'))('sees nothing of blue by %s', async (field) => {
      const variables = await SAMPLES[field](blue, cursor);
      const answer = await ask(secretOf(name), field, variables);
      expect(JSON.stringify(answer)).not.toContain(BLUE.mark);
      if (field === 'jobPreview') return;
      expect(answer.errors).toBeUndefined();
      if (single.includes(field)) expect(answer.data?.[field]).toBeNull();
      else if (field === 'taskStats')
        expect(answer.data?.[field]).toMatchObject({ attemptCount: 0, lastSuccess: null });
      else if (field === 'nodes') expect(answer.data?.nodes).toEqual([null, null]);
      // A client of the same name in red is red's own.
      else if (field === 'clients' && name.includes('red'))
        expect(answer.data?.[field]).toMatchObject({ nodes: [{ hostname: RED.mark }] });
      else expect(answer.data?.[field]).toMatchObject({ nodes: [], edges: [] });
    });

    it
      .runIf(foreign.some((field) => kindOf(field) === 'mutation'))
      .each(foreign.filter((field) => kindOf(field) === 'mutation'))('changes nothing of blue by %s', async (field) => {
      const variables = await SAMPLES[field](blue, cursor);
      const before = await stateOf(variables);
      const answer = await ask(secretOf(name), field, variables);
      expect(answer.errors).toBeUndefined();
      // What names an object finds none; what names the project or the client is told that it is not the caller's.
      const named = /^(jobCreate|jobImport|clientRegister|apiTokenCreate)$/.test(field);
      expect(typenameOf(answer.data, field)).toMatch(
        named ? /^(ForbiddenError|InvalidInputError)$/ : /^NotFoundError$/,
      );
      const code = { ForbiddenError: 'FORBIDDEN', InvalidInputError: 'INVALID_INPUT' };
      await expectRefusal(field, role, Reflect.get(code, String(typenameOf(answer.data, field))) ?? 'NOT_FOUND');
      expect(JSON.stringify(answer)).not.toContain(BLUE.mark);
      expect(await stateOf(variables)).toEqual(before);
    });
  });

  it.each(['runOutputAppended', 'runAssigned', 'taskEventAppended'] as const)(
    'a stream of another project by %s is not found',
    async (field) => {
      const reader = field === 'runAssigned' ? 'agent of another client in blue' : 'member of red';
      const answer = await ask(secretOf(reader), field, await SAMPLES[field](blue, cursor));
      expect(codesOf(answer)).toEqual(['NOT_FOUND']);
    },
  );

  it.each([
    ['activityRecorded', 'activity { subject project detail }'],
    ['jobStatusChanged', 'job { id project description }'],
    ['runChanged', 'run { project job { id description } }'],
    ['transactionChanged', 'transaction { ... on JobRun { project job { id description } } }'],
    [
      'taskHistoryChanged',
      'transactions { ... on JobRun { project job { id description } } } tasks { transaction { ... on JobRun { project } } }',
    ],
  ])('nothing of another project arrives by %s', async (field, fields) => {
    const socket = openSocket(server.endpoint, secretOf('member of red'));
    const facts = socket.follow(`subscription ($after: String) { ${field}(after: $after) { cursor ${fields} } }`, {
      after: cursor,
    });
    // Blue's facts come before and between red's; the last of red's ends the look.
    await blue.run();
    await red.run();
    await blue.run();
    const { jobId } = await red.run();
    const seen: FormattedExecutionResult[] = [];
    while (!JSON.stringify(seen.at(-1) ?? null).includes(jobId)) seen.push(await nextOf(facts));
    await socket.end();
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.flatMap((result) => result.errors ?? [])).toEqual([]);
    expect(JSON.stringify(seen)).not.toContain('blue');
  });

  it("an agent sees its own client, its jobs and its runs, and nobody else's", async () => {
    const other = await blue.client('other');
    const { id: job } = await blue.job({ clientId: 'other' });
    const { id: own, jobId } = await blue.run();
    const agent = new Caller(server, secretOf('agent of the client in blue'));
    const { nodes } = await agent.data<{ nodes: ({ id: string } | null)[] }>(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
      { ids: [other, job, own, jobId] },
    );
    expect(nodes).toEqual([null, null, { id: own }, { id: jobId }]);
    const { client } = await agent.data<{ client: { jobs: { nodes: { clientKey: string }[] } } }>(
      '{ client(id: "host") { jobs(first: 500, filter: { clientIds: ["other"], projects: ["red"] }) { nodes { clientKey } } } }',
    );
    expect(new Set(client.jobs.nodes.map(({ clientKey }) => clientKey))).toEqual(new Set(['host']));
  });

  describe('nobody', () => {
    it.each(FIELDS.filter((field) => operationOf(schema, field) !== 'subscription'))(
      'may not use %s',
      async (field) => {
        const variables = await SAMPLES[field](blue, cursor);
        const document = documentOf(schema, field, Object.keys(variables));
        const answer = await new Caller(server, null).call(document, variables);
        expect([answer.status, codesOf(answer.body)]).toEqual([401, ['UNAUTHENTICATED']]);
      },
    );

    it('may neither read the schema nor open a WebSocket', async () => {
      const answer = await new Caller(server, null).call('{ __schema { queryType { name } } }');
      expect(answer.status).toBe(401);
      const socket = openSocket(server.endpoint, null);
      const refused = nextOf(socket.follow('subscription { jobStatusChanged { cursor } }'));
      await expect(refused).rejects.toMatchObject({ code: 4401 });
      expect((await socket.closed).code).toBe(4401);
    });
  });

  describe('rights that end', () => {
    const follow = 'subscription ($after: String) { activityRecorded(after: $after) { cursor } }';

    it('by revocation close the open WebSocket with 4403, and the next call is refused', async () => {
      const { id, secret } = await blue.token('MEMBER', { project: 'blue' });
      const caller = new Caller(server, secret);
      const socket = openSocket(server.endpoint, secret);
      const facts = socket.follow(follow, { after: cursor });
      expect((await nextOf(facts)).errors).toBeUndefined();
      expect((await caller.call('{ viewer { name } }')).status).toBe(200);
      await new Caller(server).data('mutation ($id: ID!) { apiTokenRevoke(input: { id: $id }) { __typename } }', {
        id,
      });
      expect(await socket.closed).toMatchObject({ code: 4403, reason: 'Token revoked' });
      const after = await caller.call('{ viewer { name } }');
      expect([after.status, codesOf(after.body)]).toEqual([401, ['UNAUTHENTICATED']]);
      const again = openSocket(server.endpoint, secret);
      await expect(nextOf(again.follow(follow))).rejects.toMatchObject({ code: 4401 });
    });

    it('do not end because somebody tried in vain to end them', async () => {
      const { id, secret } = await blue.token('READER', { project: 'blue' });
      const socket = openSocket(server.endpoint, secret);
      const revoke = `mutation ($id: ID!) { apiTokenRevoke(input: { id: $id }) { __typename } }`;
      const refused = await new Caller(server, secretOf('member of red')).call(revoke, { id });
      expect(refused.body.data).toEqual({ apiTokenRevoke: { __typename: 'NotFoundError' } });
      // The feed tells of the refusal before it tells of the job made after it.
      const { id: made } = await blue.job();
      const { activity } = await new Caller(server).data<{ activity: { nodes: { outcome: string }[] } }>(
        'query ($id: String!) { activity(filter: { subject: $id }, first: 1) { nodes { outcome } } }',
        { id },
      );
      expect(activity.nodes).toEqual([{ outcome: 'NOT_FOUND' }]);
      const facts = socket.follow(
        'subscription ($after: String, $jobs: [ID!]) { jobStatusChanged(after: $after, filter: { jobs: $jobs }) { cursor } }',
        { after: cursor, jobs: [made] },
      );
      expect((await nextOf(facts)).errors).toBeUndefined();
      await socket.end();
    });

    it('by expiry close the open WebSocket with 4403, and the next call is refused', async () => {
      const expiresAt = new Date(Date.now() + 1_500).toISOString();
      const { secret } = await blue.token('READER', { project: 'blue', expiresAt });
      const socket = openSocket(server.endpoint, secret);
      const facts = socket.follow(follow, { after: cursor });
      expect((await nextOf(facts)).errors).toBeUndefined();
      expect(await socket.closed).toMatchObject({ code: 4403, reason: 'Token expired' });
      expect((await new Caller(server, secret).call('{ viewer { name } }')).status).toBe(401);
    });

    it('end what came from them: a token made by a member lives no longer than it', async () => {
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
      const member = await blue.token('MEMBER', { project: 'blue', expiresAt });
      const { made } = await new Caller(server, member.secret).data<{ made: { apiToken: { expiresAt: string } } }>(
        `mutation { made: apiTokenCreate(input: { name: "x", role: READER }) { __typename
          ... on ApiTokenCreatePayload { apiToken { expiresAt } } } }`,
      );
      expect(made.apiToken.expiresAt).toBe(expiresAt);
    });
  });
});
