import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransactionRow } from '../../src/entities/ledger.js';
import { ADMIN } from '../kit/actors.js';
import { START } from '../kit/clock.js';
import { makeRun } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { ctxOf } from '../kit/world.js';
import { insertTasks, taskRow } from './kit/many-tasks.js';
import { type RestServer, startRestServer } from './kit/rest-server.js';

const ctx = ctxOf(ADMIN);
const EXPORT = '/api/export/tasks-history';

type Line = Record<string, unknown> & { task_name: string; node_id: string | null; transaction_name: string };

const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** All that comes from a connection until its end. */
async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe.each(storeKinds())('the export of the history on %s', (store) => {
  let server: RestServer;
  let clusterId = '';
  let [first, second]: [TransactionRow | null, TransactionRow | null] = [null, null];

  async function deploy(cluster: string, externalId: string): Promise<TransactionRow> {
    return (await server.world.services.reports.start(ctx, { cluster, externalId })).transaction;
  }
  const rows = async (query: string): Promise<Line[]> => {
    const answer = await server.get(`${EXPORT}?format=jsonl&${query}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/jsonl; charset=utf-8']);
    return linesOf(await answer.text());
  };
  const named = async (query: string): Promise<string[]> =>
    (await rows(query)).map(
      ({ transaction_name, task_name, node_id }) => `${transaction_name}:${task_name}@${node_id}`,
    );

  beforeAll(async () => {
    server = await startRestServer({ store });
    const { world } = server;
    [first, second] = [await deploy('env-1', 'first'), await deploy('env-2', 'second')];
    clusterId = first.scope;
    const minute = 60_000;
    await insertTasks(world, [
      taskRow(first, { taskName: 'b', nodeId: '1', timeStart: START + 3 * minute, status: 'ERROR', reason: 'broke' }),
      taskRow(first, { taskName: 'a', nodeId: '2', timeStart: START + minute, exitCode: -1, custom: { x: 'é"' } }),
      taskRow(second, { taskName: 'a', nodeId: '1', timeStart: START + 2 * minute }),
      taskRow(second, { taskName: 'c', nodeId: '', timeStart: null, status: 'PENDING', orderedAt: START }),
    ]);
    const report = { transactionId: second.id, reportId: 'late' };
    const events = [
      { taskName: 'd', nodeId: '9', status: 'ready', timeStart: START / 1_000 + 1, summary: { out: 'é' } },
    ];
    await world.services.reports.report(ctx, { ...report, events });
    await makeRun(world, 'host-1');
  });
  afterAll(() => server.stop());

  it('shows every column as a line of JSON', async () => {
    const [, found] = await rows(`cluster_id=${clusterId}&statuses=ready,error&summaries=true`);
    expect(found).toEqual({
      number: expect.any(Number),
      id: expect.stringMatching(/^task_/),
      transaction_number: first?.number,
      transaction_id: first?.id,
      transaction_name: 'first',
      cluster_id: clusterId,
      cluster_external_id: 'env-1',
      project: null,
      graph_task_id: 'b',
      task_name: 'b',
      node_id: '1',
      attempt: 1,
      status: 'ERROR',
      reason: 'broke',
      time_start: '2026-11-21T12:03:00.000Z',
      time_end: '2026-11-21T12:03:01.000Z',
      duration: 1,
      exit_code: null,
      custom: null,
      summary: null,
    });
  });

  it('is ordered by time, and within the transactions that it names by number', async () => {
    const all = ['second:c@null', 'second:d@9', 'first:a@2', 'second:a@1', 'first:b@1'];
    expect((await named('')).filter((line) => !line.includes('host-1'))).toEqual(all);
    expect(await named('node_ids=1,2')).toEqual(['first:a@2', 'second:a@1', 'first:b@1']);
    expect(await named(`cluster_id=${clusterId}`)).toEqual(['first:a@2', 'first:b@1']);
    expect(await named('cluster_id=env-1')).toEqual(['first:a@2', 'first:b@1']);
    const ids = `transaction_ids=${second?.number}&transaction_ids=${first?.id}`;
    expect(await named(ids)).toEqual(['first:b@1', 'first:a@2', 'second:a@1', 'second:c@null', 'second:d@9']);
    expect(await named(`${ids}&cluster_id=env-1`)).toEqual(['first:b@1', 'first:a@2']);
  });

  it('takes the filters of taskHistory', async () => {
    expect(await named('task_names=a')).toEqual(['first:a@2', 'second:a@1']);
    expect(await named('task_names=a,b&node_ids=1')).toEqual(['second:a@1', 'first:b@1']);
    expect(await named('statuses=ERROR')).toEqual(['first:b@1']);
    expect(await named('started_after=2026-11-21T12:01:30Z&started_before=2026-11-21T13:02:30+01:00')).toEqual([
      'second:a@1',
    ]);
    expect(await named(`started_after=${START / 1_000 + 150}`)).toEqual(['first:b@1']);
  });

  it('searches in the names and nodes of the transactions that it names', async () => {
    const both = `transaction_ids=${first?.number},${second?.number}`;
    expect(await named(`${both}&search=A`)).toEqual(['first:a@2', 'second:a@1']);
    expect(await named(`${both}&search=9&statuses=ready`)).toEqual(['second:d@9']);
    expect(await named(`${both}&search=a%25`)).toEqual([]);
  });

  it('brings summaries where they are asked for', async () => {
    const found = await rows('task_names=a,d&summaries=true');
    expect(found.map(({ task_name, summary }) => [task_name, summary])).toEqual([
      ['d', { out: 'é' }],
      ['a', null],
      ['a', null],
    ]);
    expect((await rows('task_names=d'))[0]).not.toHaveProperty('summary');
  });

  it('is CSV that a spreadsheet opens: quoted, UTF-8, nothing that it would run', async () => {
    const odd = await deploy('env-odd', 'odd');
    const texts = ['=1+1', '+1', '-1', '@x', '\t=1', '\r=1', 'a,b', 'say "hi"', 'two\nlines', 'żółć', '-', "'"];
    await insertTasks(
      server.world,
      texts.map((reason, index) => taskRow(odd, { reason, taskName: `t${index}`, nodeId: '-5', exitCode: -5 })),
    );
    const answer = await server.get(`${EXPORT}?cluster_id=env-odd`);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(answer.headers.get('content-disposition')).toBe(
      'attachment; filename="tasks-history-2026-11-21T120000Z.csv"',
    );
    const bytes = Buffer.from(await answer.arrayBuffer());
    const [header, ...records] = readCsv(bytes.toString('utf8'));
    expect(header?.slice(0, 3)).toEqual(['number', 'id', 'transaction_number']);
    const cells = records.map((record) => Object.fromEntries(record.map((cell, at) => [header?.[at], cell])));
    expect(cells.map(({ reason }) => reason)).toEqual(
      texts.map((text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)),
    );
    expect(cells[0]).toMatchObject({
      cluster_external_id: 'env-odd',
      node_id: "'-5",
      exit_code: '-5',
      attempt: '1',
      duration: '1',
    });
    const marked = await (await server.get(`${EXPORT}?cluster_id=env-odd&bom=true`)).arrayBuffer();
    expect(Buffer.from(marked)).toEqual(Buffer.concat([Buffer.from('\uFEFF'), bytes]));
  });

  it('says at its end that it is whole', async () => {
    const { text: token } = await server.token();
    const headers = { authorization: `Bearer ${token}` };
    const answer = request({ port: server.port, path: `${EXPORT}?cluster_id=env-1`, headers }).end();
    const [response] = await once(answer, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    expect(text.trimEnd().split('\r\n')).toHaveLength(3);
    expect(response.trailers).toEqual({ 'orrery-export': 'complete; rows=2' });
    const old = await readAll(await server.ask(`${EXPORT}?cluster_id=env-1`, '1.0'));
    expect(old.split('\r\n\r\n')[1]).toBe(text);
  });

  it('shows a member its own project only', async () => {
    const { text } = await server.token({ role: 'MEMBER', project: 'default' });
    const headers = { authorization: `Bearer ${text}` };
    const own = await server.get(`${EXPORT}?format=jsonl`, { headers });
    expect(linesOf(await own.text()).map(({ node_id, project }) => [node_id, project])).toEqual([
      ['host-1', 'default'],
    ]);
    for (const foreign of [`cluster_id=${clusterId}`, `transaction_ids=${first?.number}`]) {
      expect((await server.get(`${EXPORT}?${foreign}`, { headers })).status).toBe(404);
    }
    const other = await server.token({ role: 'MEMBER', project: 'other' });
    const none = await server.get(`${EXPORT}?format=jsonl`, { headers: { authorization: `Bearer ${other.text}` } });
    expect([none.status, await none.text()]).toEqual([200, '']);
  });

  it.each([
    ['format=xml', 400, 'There is no "xml" for "format": give csv, jsonl.'],
    ['summaries=true', 400, 'Summaries have any shape: ask for format=jsonl.'],
    ['format=jsonl&bom=true', 400, 'Only CSV may begin with a byte order mark.'],
    ['started_after=yesterday', 400, '"started_after" is an instant such as "2026-11-21T08:00:00Z", or epoch seconds.'],
    ['started_after=2016-02-30T14:49:06Z', 400, /^"started_after" is an instant/],
    ['started_after=1&started_after=2', 400, 'Give "started_after" once.'],
    ['statuses=done', 400, /^There is no "done" for "statuses": give pending, running, ready, error, skipped, lost/],
    ['search=a', 400, 'Within named transactions is searched: give "transaction_ids" as well.'],
    ['cluster=1', 400, /^There is no parameter "cluster": there are format, /],
    ['cluster_id=none', 404, 'There is no cluster "none".'],
    ['transaction_ids=77777', 404, 'There is no transaction "77777".'],
    [`node_ids=${Array.from({ length: 501 }, (_, at) => at).join()}`, 400, /at most 500 values/],
  ])('answers to ?%s with %d', async (query, status, message) => {
    const answer = await server.get(`${EXPORT}?${query}`);
    expect(answer.status).toBe(status);
    const { message: text } = (await answer.json()) as { message: string };
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
  });

  it('shows transactions too, by when they were made', async () => {
    const shown = async (query: string): Promise<unknown[]> => {
      const answer = await server.get(`/api/export/transactions?format=jsonl&${query}`);
      expect(answer.status).toBe(200);
      return linesOf(await answer.text());
    };
    const numbers = async (query: string): Promise<unknown[]> =>
      (await shown(query)).map((line) => (line as { number: number }).number);
    expect(await shown('cluster_id=env-1')).toEqual([
      {
        number: first?.number,
        id: first?.id,
        kind: 'DEPLOYMENT',
        cluster_id: clusterId,
        cluster_external_id: 'env-1',
        project: null,
        external_id: 'first',
        name: 'first',
        status: 'PENDING',
        reason: null,
        dry_run: false,
        attempts: 1,
        created_at: '2026-11-21T12:00:00.000Z',
        time_start: null,
        time_end: null,
        duration: null,
      },
    ]);
    expect(await numbers('kinds=deployment&external_ids=first,second')).toEqual([first?.number, second?.number]);
    expect(await numbers('kinds=deployment&names=second')).toEqual([second?.number]);
    expect(await numbers('statuses=error&kinds=DEPLOYMENT')).toEqual([]);
    expect(await numbers('created_after=2026-11-21T12:00:00Z')).toEqual([]);
    const csv = await (await server.get('/api/export/transactions?cluster_id=env-1')).text();
    const [header, record] = readCsv(csv);
    expect([header?.[0], header?.length, record?.slice(0, 3)]).toEqual([
      'number',
      record?.length,
      [String(first?.number), first?.id, 'DEPLOYMENT'],
    ]);
    expect(record?.[header?.indexOf('cluster_external_id') ?? -1]).toBe('env-1');
    const { text } = await server.token({ role: 'MEMBER', project: 'default' });
    const own = await server.get('/api/export/transactions?format=jsonl', {
      headers: { authorization: `Bearer ${text}` },
    });
    expect(linesOf(await own.text()).map(({ kind, project }) => [kind, project])).toEqual([['JOB_RUN', 'default']]);
  });

  it('finds names with commas and quotes, which stand in quotes', async () => {
    const odd = await deploy('env-comma', 'commas');
    const names = ['p, q', 'say "so"', 'r'];
    await insertTasks(
      server.world,
      names.map((taskName) => taskRow(odd, { taskName, nodeId: '77' })),
    );
    const asked = encodeURIComponent('"p, q","say ""so"""');
    expect((await rows(`task_names=${asked}`)).map(({ task_name }) => task_name).sort()).toEqual(['p, q', 'say "so"']);
    const answer = await server.get(`${EXPORT}?task_names=${encodeURIComponent('"p, q')}`);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { message: expect.stringContaining('double quotes') },
    ]);
  });

  it('answers 405 to a change', async () => {
    const answer = await server.get(EXPORT, { method: 'DELETE' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('reads long histories in pages, each row once, merged from many ranges', async () => {
    const long = await deploy('env-long', 'long');
    const statuses = ['READY', 'ERROR', 'SKIPPED', 'LOST'] as const;
    const made = Array.from({ length: 7_000 }, (_, at) =>
      taskRow(long, {
        graphTaskId: `g${at}`,
        nodeId: String(at % 5),
        status: statuses[(at * at) % 4] ?? 'READY',
        // Many began at one instant.
        timeStart: START + Math.floor(((at * 7_919) % 7_000) / 50),
      }),
    );
    await insertTasks(server.world, made);
    const shownBy = async (query: string): Promise<unknown[]> =>
      (await rows(`${query}&cluster_id=env-long`)).map(({ graph_task_id }) => graph_task_id);
    const byTime = made.map((row, at) => ({ ...row, at })).sort((a, b) => a.orderedAt - b.orderedAt || a.at - b.at);
    expect(await shownBy('')).toEqual(byTime.map(({ graphTaskId }) => graphTaskId));
    const some = byTime.filter(({ nodeId, status }) => nodeId !== '0' && status !== 'READY');
    expect(await shownBy('node_ids=1,2,3,4&statuses=error,skipped,lost')).toEqual(
      some.map(({ graphTaskId }) => graphTaskId),
    );
    const list = await server.json<{ task_id: string }[]>(`/api/tasks/${long.number}/tasks_history?nodes=3,1`);
    expect(list.map(({ task_id }) => task_id)).toEqual(
      made.filter(({ nodeId }) => nodeId === '3' || nodeId === '1').map(({ graphTaskId }) => graphTaskId),
    );
  });
});

/** A reader of RFC 4180, written apart from the writer. */
function readCsv(text: string): string[][] {
  const records: string[][] = [[]];
  const field = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n)/gy;
  for (const [, raw = '', end] of text.matchAll(field)) {
    records.at(-1)?.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === '\r\n') records.push([]);
  }
  return records.slice(0, -1);
}
