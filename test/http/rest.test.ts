import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertRows } from '../../src/db/write.js';
import { TaskSummaryEntity } from '../../src/entities/ledger.js';
import type { ReportedEvent } from '../../src/history/intake/event-rules.js';
import { ADMIN } from '../kit/actors.js';
import { makeRun } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { ctxOf } from '../kit/world.js';
import { insertTasks, taskRow } from './kit/many-tasks.js';
import { type RestServer, startRestServer } from './kit/rest-server.js';
import { SEED_TASKS } from './kit/seed-tasks.js';

const ctx = ctxOf(ADMIN);

interface Task {
  id: number;
  deployment_task_id: number;
  node_id: number | string | null;
  task_id: number | string;
  task_name: string;
  time_start: number | null;
  time_end: number | null;
  status: string;
  summary: unknown;
  custom: Record<string, unknown>;
}

interface Failure {
  message: string;
  code: string;
  request_id: string;
}

describe.each(storeKinds())("the seed's paths on %s", (store) => {
  let server: RestServer;
  /** The serial number of the seed's deployment, of one with every status, and of a job's run. */
  let [seed, mixed, run] = [0, 0, 0];

  async function deploy(externalId: string, events: readonly ReportedEvent[]): Promise<{ id: string; number: number }> {
    const { reports } = server.world.services;
    const { transaction } = await reports.start(ctx, { cluster: 'env-1', externalId });
    const report = { transactionId: transaction.id, reportId: `report-${externalId}`, events };
    expect((await reports.report(ctx, report)).refused).toEqual([]);
    return transaction;
  }
  const path = (task: number | string, rest = 'tasks_history'): string => `/api/tasks/${task}/${rest}`;
  const failure = async (answer: Response): Promise<[number, string, string]> => {
    const { code, message, request_id } = (await answer.json()) as Failure;
    expect(request_id).toBe(answer.headers.get('x-request-id'));
    return [answer.status, code, message];
  };

  beforeAll(async () => {
    server = await startRestServer({ store });
    const { reports } = server.world.services;
    const events = SEED_TASKS.map(({ node_id, task_id, task_name, time_start, time_end, summary }) => ({
      graphTaskId: String(task_id),
      taskName: task_name,
      nodeId: String(node_id),
      status: 'ready',
      timeStart: time_start,
      timeEnd: time_end,
      summary,
    }));
    seed = (await deploy('seed', events)).number;
    const later = await deploy('mixed', [
      { taskName: 'a', nodeId: '1', status: 'error', custom: { retries: 3 } },
      { taskName: 'a', nodeId: '2', status: 'ready' },
      { taskName: 'b', nodeId: 'node-3', status: 'skipped' },
      { taskName: 'b', nodeId: '1', status: 'running' },
      { taskName: 'c', nodeId: '2', status: 'stopped', custom: { why: 'asked' } },
      { taskName: 'sync', status: 'ready', summary: ['any', 'shape'] },
      { taskName: 'd', nodeId: '007', status: 'pending' },
    ]);
    mixed = later.number;
    await reports.end(ctx, { transactionId: later.id, status: 'ERROR' });
    const { runId } = await makeRun(server.world, 'host-1');
    run = (await server.world.services.history.find(ctx, runId))?.number ?? 0;
  });
  afterAll(() => server.stop());

  it("answers the seed's example field by field, puppet summary included", async () => {
    const answer = await server.get(path(seed));
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const tasks = (await answer.json()) as Task[];
    expect(tasks).toEqual(
      SEED_TASKS.map((task) => ({ id: expect.any(Number), deployment_task_id: seed, ...task, custom: {} })),
    );
    const same = [path(seed, 'tasks_history/'), path(seed, 'deployment_tasks'), path(seed, 'deployment_tasks/')];
    for (const other of same) expect(await server.json(other)).toEqual(tasks);
    const transaction = await server.world.services.history.find(ctx, String(seed));
    expect(await server.json(path(transaction?.id ?? ''))).toEqual(tasks);
  });

  it("has the seed's five words for seven statuses, and the real one in custom", async () => {
    const tasks = await server.json<Task[]>(path(mixed));
    expect(tasks.map(({ node_id, task_id, status, custom }) => [task_id, node_id, status, custom])).toEqual([
      ['a', 1, 'error', { retries: 3 }],
      ['a', 2, 'ready', {}],
      ['b', 'node-3', 'skipped', {}],
      ['b', 1, 'error', { real_status: 'LOST' }],
      ['c', 2, 'skipped', { why: 'asked', real_status: 'STOPPED' }],
      ['sync', null, 'ready', {}],
      ['d', '007', 'skipped', {}],
    ]);
    expect(tasks.map(({ summary }) => summary)).toEqual([null, null, null, null, null, ['any', 'shape'], null]);
  });

  it('filters by nodes, by statuses and by both', async () => {
    const shown = async (query: string): Promise<string[]> => {
      const tasks = await server.json<Task[]>(`${path(mixed, 'tasks_history/')}?${query}`);
      return tasks.map(({ task_name, node_id }) => `${task_name}@${node_id}`);
    };
    expect(await shown('nodes=1')).toEqual(['a@1', 'b@1']);
    expect(await shown('nodes=1,2')).toEqual(['a@1', 'a@2', 'b@1', 'c@2']);
    expect(await shown('nodes=2&nodes=node-3')).toEqual(['a@2', 'b@node-3', 'c@2']);
    expect(await shown('statuses=error,ready')).toEqual(['a@1', 'a@2', 'b@1', 'sync@null']);
    expect(await shown('statuses=SKIPPED')).toEqual(['b@node-3', 'c@2', 'd@007']);
    expect(await shown('statuses=error,ready&nodes=1%2C2')).toEqual(['a@1', 'a@2', 'b@1']);
    expect(await shown('statuses=pending&statuses=running')).toEqual([]);
    expect(await shown('nodes=99')).toEqual([]);
    expect(await shown("nodes=1' OR '1'='1")).toEqual([]);
  });

  it('shows one entry by its number or its global id, within its own task', async () => {
    const [first] = await server.json<Task[]>(path(seed));
    const number = first?.id ?? 0;
    expect(await server.json(path(seed, `tasks_history/${number}`))).toEqual(first);
    expect(await server.json(path(seed, `tasks_history/${number}/`))).toEqual(first);
    const [row] = await server.world.db.reader.rows<{ id: string }>('SELECT id FROM tasks WHERE number = ?', [number]);
    expect(await server.json(path(seed, `tasks_history/${row?.id}`))).toEqual(first);
    expect(await failure(await server.get(path(mixed, `tasks_history/${number}`)))).toEqual([
      404,
      'NOT_FOUND',
      `There is no entry "${number}" of task "${mixed}".`,
    ]);
  });

  it('reads large summaries a few at a time, and shows each', async () => {
    const { transaction } = await server.world.services.reports.start(ctx, { cluster: 'env-1', externalId: 'large' });
    const rows = Array.from({ length: 12 }, (_, at) =>
      taskRow(transaction, { graphTaskId: `${at}`, hasSummary: true }),
    );
    await insertTasks(server.world, rows);
    const summaries = rows.map(({ id, graphTaskId }) => ({
      taskId: id,
      summary: { value: { of: graphTaskId, output: 'x'.repeat(300_000) } },
      status: 'READY' as const,
      decidedAt: 0,
      decidedBy: 'test',
      createdAt: 0,
    }));
    await server.world.db.transaction((tx) => insertRows(tx, TaskSummaryEntity, summaries));
    const before = server.world.statements.length;
    const tasks = await server.json<Task[]>(path(transaction.number));
    expect(tasks.map(({ summary }) => summary)).toEqual(summaries.map(({ summary }) => summary.value));
    const read = server.world.statements.slice(before).filter((sql) => /FROM .?task_summaries/.test(sql));
    // Their sizes, then three at a time: a mebibyte at most.
    expect(read).toHaveLength(1 + 4);
  });

  it('answers for the runs of jobs alike', async () => {
    expect(await server.json(path(run))).toMatchObject([{ deployment_task_id: run, node_id: 'host-1', summary: null }]);
  });

  it.each([
    ['/api/tasks/999999/tasks_history', 'There is no task "999999".'],
    ['/api/tasks/nothing/deployment_tasks', 'There is no task "nothing".'],
    ['/api/tasks/99999999999999999999/tasks_history', 'There is no task "99999999999999999999".'],
    ['/api/tasks/%00/tasks_history', 'There is no task "\u0000".'],
    ['/api/tasks/1/tasks', 'There is no path "/api/tasks/1/tasks".'],
    ['/api/tasks/%zz/tasks_history', 'There is no path "/api/tasks/%zz/tasks_history".'],
    ['/api/tasks/1/tasks_history/2/3', 'There is no path "/api/tasks/1/tasks_history/2/3".'],
  ])('answers 404 to %s', async (missing, message) => {
    expect(await failure(await server.get(missing))).toEqual([404, 'NOT_FOUND', message]);
  });

  it.each([
    ['statuses=done', 'There is no "done" for "statuses": give pending, running, ready, error, skipped.'],
    ['statuses=ready,,error', '"statuses" has an empty value: give values with commas between them, or leave it out.'],
    ['statuses=', '"statuses" has an empty value: give values with commas between them, or leave it out.'],
    ['nodes=', '"nodes" has an empty value: give values with commas between them, or leave it out.'],
    ['node=1', 'There is no parameter "node": there are nodes, statuses.'],
    ['statuses=x&nodes=', /^There is no parameter|and 1 more\)$/],
  ])('answers 400 to ?%s, and says what is wrong', async (query, message) => {
    const [status, code, text] = await failure(await server.get(`${path(seed)}?${query}`));
    expect([status, code]).toEqual([400, 'INVALID_INPUT']);
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
  });

  it.each(['PUT', 'POST', 'PATCH', 'DELETE'])('answers 405 to %s: nobody changes history', async (method) => {
    for (const target of [path(seed), path(seed, 'tasks_history/'), path(seed, 'tasks_history/1')]) {
      const answer = await server.get(target, { method, body: '{}' });
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
      expect((await failure(answer)).slice(0, 2)).toEqual([405, 'METHOD_NOT_ALLOWED']);
    }
  });

  it('answers HEAD without a body', async () => {
    const headers = { authorization: `Bearer ${(await server.token()).text}` };
    const [list, none] = [
      await server.get(path(seed), { method: 'HEAD', headers }),
      await server.get(path(999_999), { method: 'HEAD', headers }),
    ];
    expect([list.status, await list.text()]).toEqual([200, '']);
    expect([none.status, await none.text()]).toEqual([404, '']);
  });

  it('answers 401 without a good token, and 403 to an agent', async () => {
    const nobody = await server.get(path(seed), { headers: {} });
    expect(nobody.headers.get('www-authenticate')).toBe('Bearer realm="orrery"');
    expect((await failure(nobody)).slice(0, 2)).toEqual([401, 'UNAUTHENTICATED']);
    const wrong = await server.get(path(seed), { headers: { authorization: 'Bearer nobody-has-this' } });
    expect((await failure(wrong)).slice(0, 2)).toEqual([401, 'UNAUTHENTICATED']);
    const agent = await server.token({ role: 'AGENT', project: 'default', client: 'host-1' });
    const headers = { authorization: `Bearer ${agent.text}` };
    expect((await failure(await server.get(path(seed), { headers }))).slice(0, 2)).toEqual([403, 'FORBIDDEN']);
  });

  it("shows a member its own project's runs and nothing else", async () => {
    const seen = async (project: string, target: string): Promise<number> => {
      const { text } = await server.token({ role: 'MEMBER', project });
      return (await server.get(target, { headers: { authorization: `Bearer ${text}` } })).status;
    };
    const [own] = await server.json<Task[]>(path(run));
    const entry = path(run, `tasks_history/${own?.id}`);
    expect([await seen('default', path(run)), await seen('default', entry)]).toEqual([200, 200]);
    expect([await seen('other', path(run)), await seen('other', entry)]).toEqual([404, 404]);
    expect(await seen('default', path(seed))).toBe(404);
  });

  it('tells how long requests took, and no path', async () => {
    const text = await server.metrics.text();
    expect(text).toMatch(/orrery_rest_request_duration_seconds_count\{kind="tasks_history",outcome="200"\} \d+/);
    expect(text).toMatch(/orrery_rest_lists_open 0/);
  });
});

it('takes what REST costs from the same rate limit, and says when to come again', async () => {
  const server = await startRestServer({ rateLimit: 1_200 });
  await server.world.services.reports.start(ctx, { cluster: 'env-1', externalId: 'one' });
  const statuses = [];
  for (let count = 0; count < 3; count += 1) statuses.push((await server.get('/api/tasks/1/tasks_history')).status);
  expect(statuses).toEqual([200, 200, 429]);
  const refused = await server.get('/api/tasks/1/tasks_history');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED' });
  await server.stop();
});
