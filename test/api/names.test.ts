import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../kit/server.js';
import { storeKinds } from '../kit/stores.js';
import { Caller, Maker, type Variables } from './places.js';

const NUL = '\u0000';

/** Names that MariaDB (spaces at the end) or SQLite (what follows a NUL) would take for "blue", and others that are none. */
const NO_NAMES = ['blue ', ' blue', '\tblue', 'blue\u00a0', 'blue\n', 'bl\u007fue', '', ' ', 'b'.repeat(65)];

/** The mutations in which a project comes in, with the rest of their input. */
const INPUTS: [mutation: string, input: Variables, name: string][] = [
  ['apiTokenCreate', { name: 'a token', role: 'MEMBER' }, 'project'],
  ['apiTokenCreate', { name: 'a token', role: 'READER' }, 'project'],
  ['apiTokenCreate', { name: 'a token', role: 'AGENT', clientKey: 'host' }, 'project'],
  ['jobCreate', { clientId: 'host', actions: [] }, 'project'],
  ['jobImport', { clientId: 'host', document: { job_actions: [] } }, 'project'],
  ['clientRegister', { key: 'h', hostname: 'h', version: '1', capabilities: {}, sessionId: 'session-1' }, 'project'],
];

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

describe.each(storeKinds())('names that the store and the program may compare differently (%s)', (store) => {
  let server: TestServer;
  let admin: Caller;
  let blue: Maker;
  beforeAll(async () => {
    server = await startTestServer({ store, flags: { rateLimit: '0' } });
    admin = new Caller(server);
    blue = new Maker(server, { project: 'blue', clientKey: 'host', sessionId: 'session-1', mark: 'mark' });
    await blue.client('host');
  });
  afterAll(() => server.stop());

  const mutate = (mutation: string, input: Variables) =>
    admin.call(
      `mutation ($input: ${capital(mutation)}Input!) { done: ${mutation}(input: $input) { __typename
        ... on UserError { code message path } } }`,
      { input },
    );

  it.each(INPUTS)('%s %j takes no project that is none', async (mutation, input, field) => {
    for (const project of NO_NAMES) {
      const { body } = await mutate(mutation, { ...input, [field]: project });
      expect([project, body.data?.done]).toEqual([
        project,
        expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(/project/i), path: [field] }),
      ]);
    }
    const { body } = await mutate(mutation, { ...input, [field]: `blue${NUL}x` });
    expect(body.errors?.[0]).toMatchObject({
      message: expect.stringContaining('NUL'),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  it('an agent speaks for no client whose key is none', async () => {
    for (const clientKey of ['host ', 'ho st', '']) {
      const input = { name: 'a token', role: 'AGENT', project: 'blue', clientKey };
      const { body } = await mutate('apiTokenCreate', input);
      expect(body.data?.done).toMatchObject({ code: 'INVALID_INPUT', path: ['clientKey'] });
    }
  });

  it('NUL is refused in every text of a variable and of a document, and what is kept has none', async () => {
    const input = { name: `a${NUL}b`, role: 'READER' };
    const byVariable = await mutate('apiTokenCreate', input);
    const document = (text: string) =>
      `mutation { apiTokenCreate(input: { name: "${text}", role: READER }) { __typename } }`;
    const answers = [
      byVariable,
      await admin.call(document('a\\u0000b')),
      await admin.call(document('a\\u{0}b')),
      await admin.call(document(`a${NUL}b`)),
      await admin.call('query ($id: ID!) { job(id: $id) { id } }', { id: `x${NUL}` }),
      await mutate('jobCreate', { clientId: 'host', actions: [{ freezerAction: { [`a${NUL}`]: 1 } }] }),
      await admin.call(
        'mutation ($a: RunReportInput!, $b: JobCreateInput!) { runReport(input: $a) { __typename } jobCreate(input: $b) { __typename } }',
        {
          a: { runId: 'x', sessionId: 'x', fence: 1, taskId: 'x', attempt: 1, sequence: 1 },
          b: { clientId: `h${NUL}` },
        },
      ),
    ];
    expect(answers.map(({ body }) => body.errors?.[0]?.extensions?.code)).toEqual(answers.map(() => 'BAD_USER_INPUT'));
    const { apiTokens } = await admin.data<{ apiTokens: { nodes: { name: string }[] } }>(
      '{ apiTokens { nodes { name } } }',
    );
    expect(apiTokens.nodes.map(({ name }) => name)).not.toContain('a');
  });

  it('what agents and deployments say may hold NUL, and is shown with a sign for it', async () => {
    const { hold, attempt, runId } = await blue.heldRun();
    const ended = { outcome: 'FAILED', message: `broke${NUL}off`, summary: { text: `a${NUL}b` } };
    await admin.data('mutation ($input: RunReportInput!) { runReport(input: $input) { __typename } }', {
      input: { ...hold, ...attempt, sequence: 1, started: true },
    });
    await admin.data('mutation ($input: RunReportInput!) { runReport(input: $input) { __typename } }', {
      input: { ...hold, ...attempt, sequence: 2, ended },
    });
    const { run } = await admin.data<{ run: { tasks: { nodes: unknown[] } } }>(
      'query ($id: ID!) { run(id: $id) { tasks(first: 1) { nodes { reason summary } } } }',
      { id: runId },
    );
    expect(run.tasks.nodes).toEqual([{ reason: 'broke\u2400off', summary: { text: `a${NUL}b` } }]);
    const transactionId = await blue.deployment();
    const report = {
      transactionId,
      reportId: 'r1',
      events: [
        { taskName: 'a', nodeId: 'n1', status: 'ERROR', reason: `x${NUL}y` },
        { taskName: 'a', nodeId: 'n1 ', status: 'READY' },
        { taskName: `a${NUL}`, nodeId: 'n1', status: 'READY' },
      ],
    };
    const answer = await admin.data(
      `mutation ($input: TransactionReportInput!) { done: transactionReport(input: $input) { __typename
        ... on TransactionReportPayload { accepted refused { index field } } } }`,
      { input: report },
    );
    expect(answer).toMatchObject({
      done: {
        accepted: 1,
        refused: [
          { index: 1, field: 'nodeId' },
          { index: 2, field: 'taskName' },
        ],
      },
    });
  });

  it.each<[string, string, Variables, string]>([
    ['transactionReport', 'reportId', { transactionId: '1', events: [] }, 'r1 '],
    ['transactionStart', 'externalId', { cluster: 'lab' }, 'd1 '],
    ['transactionStart', 'cluster', { externalId: 'd1' }, 'lab '],
    ['transactionStart', 'graph', { cluster: 'lab', externalId: 'd1' }, 'n1 '],
    ['clusterCreate', 'externalId', {}, 'lab '],
  ])('%s takes no %s with a space at its end', async (mutation, field, input, name) => {
    const given = field === 'graph' ? { tasks: [{ name: 'a', nodes: [name] }] } : name;
    const { body } = await mutate(mutation, { ...input, [field]: given });
    expect(body.data?.done).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringMatching(/white space/) });
  });

  it('a name with a space at its end finds nothing', async () => {
    const { key, id } = await blue.job();
    const { externalId } = await blue.cluster();
    const query = `query ($key: ID!, $host: ID!, $cluster: ID!) {
      job(id: $key) { id } client(id: $host) { key } cluster(id: $cluster) { externalId } }`;
    const names = { key, host: 'host', cluster: externalId };
    expect(await admin.data(query, names)).toEqual({
      job: { id },
      client: { key: 'host' },
      cluster: { externalId },
    });
    const spaced = Object.fromEntries(Object.entries(names).map(([name, text]) => [name, `${text} `]));
    expect(await admin.data(query, spaced)).toEqual({ job: null, client: null, cluster: null });
  });
});
