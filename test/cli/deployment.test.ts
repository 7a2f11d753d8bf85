import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../kit/server.js';
import { type Answer, begin, orrery } from './console.js';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  [server, folder] = await Promise.all([startTestServer(), mkdtemp(join(tmpdir(), 'orrery-cli-'))]);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]): Promise<Answer> => orrery(args, server);

/** A file of the test's own with this JSON in it; its path. */
async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(content));
  return path;
}

describe('deployment', () => {
  it('is started, reported of and ended by flags', async () => {
    const graph = await file('graph.json', { tasks: [{ name: 'netconfig', nodes: ['5', '6'] }, { name: 'sync' }] });
    const start = ['deployment', 'start', '--cluster', 'env-1', '--external-id', 'd1', '--graph', graph];
    const started = await run(...start);
    expect(started).toMatchObject({ code: 0, out: expect.stringMatching(/^outcome +STARTED$/m) });
    expect(started.out).toMatch(/^tasks +pending 3$/m);
    const number = /^number +(\d+)$/m.exec(started.out)?.[1] ?? '';
    expect((await run(...start)).out).toMatch(/^outcome +ALREADY_STARTED$/m);
    const summary = await file('summary.json', { changes: { total: 7 } });
    const event = [
      '--task',
      'netconfig',
      '--node',
      '5',
      '--status',
      'ready',
      '--summary',
      summary,
      '--exit-code',
      '-3',
    ];
    const reported = await run('deployment', 'report', number, ...event, '--progress', '40');
    expect(reported).toMatchObject({ code: 0, out: expect.stringMatching(/^accepted +1$/m) });
    expect(reported.out).toMatch(/^progress +40$/m);
    const shown = await run('deployment', 'tasks', number, '--node', '5', '-o', 'json');
    expect(JSON.parse(shown.out)).toMatchObject([{ exitCode: -3 }]);
    const ended = await run('deployment', 'end', '--external-id', 'd1', '--cluster', 'env-1', '--status', 'error');
    expect(ended.out).toMatch(/^status +ERROR$/m);
  });

  it('shows how far it came by its tasks where no reporter says', async () => {
    const graph = await file('five.json', { tasks: [{ name: 'five', nodes: ['1', '2', '3', '4', '5'] }] });
    const progressOf = async (): Promise<unknown> => {
      const { out } = await run('deployment', 'list', '--cluster', 'env-far', '-o', 'json');
      return (JSON.parse(out) as { progress: number }[])[0]?.progress;
    };
    const name = ['--external-id', 'far', '--cluster', 'env-far'];
    const report = (node: string, status: string) =>
      run('deployment', 'report', ...name, '--task', 'five', '--node', node, '--status', status);
    await run('deployment', 'start', ...name, '--graph', graph);
    expect(await progressOf()).toBe(0);
    await report('1', 'ready');
    await report('2', 'error');
    await report('3', 'skipped');
    await report('4', 'running');
    expect(await progressOf()).toBe(60);
    await run('deployment', 'end', ...name, '--status', 'error');
    expect(await progressOf()).toBe(40);
  });

  it('is reported of with a summary of 1 MiB, also where its JSON is written in ASCII; a larger one is refused by index', async () => {
    await run('deployment', 'start', '--cluster', 'env-1', '--external-id', 'huge');
    const largest = 'é'.repeat(512 * 1024 - 1);
    const report = (summary: string) => {
      const events = [{ taskName: 'puppet', nodeId: '1', status: 'ready', summary }];
      const input = { cluster: 'env-1', externalId: 'huge', reportId: `r${summary.length}`, events };
      const query = `mutation ($input: TransactionReportInput!) { transactionReport(input: $input) {
        ... on TransactionReportPayload { accepted refused { index code } } } }`;
      const body = JSON.stringify({ query, variables: { input } });
      return server.post(body.replaceAll('é', '\\u00e9'));
    };
    const answer = (accepted: number, refused: object[]) => ({
      body: { data: { transactionReport: { accepted, refused } } },
    });
    expect(await report(largest)).toMatchObject(answer(1, []));
    expect(await report(`${largest}é`)).toMatchObject(answer(0, [{ index: 0, code: 'TOO_LARGE' }]));
  });

  it('is started, reported of and ended by files of the mutations JSON', async () => {
    const name = { cluster: 'env-2', externalId: 'd2' };
    expect((await run('deployment', 'start', '--file', await file('start.json', name))).code).toBe(0);
    const events = [
      { taskName: 'a', nodeId: '1', status: 'ready' },
      { taskName: 'b', nodeId: '1', status: 'dancing' },
    ];
    const report = await file('report.json', { ...name, reportId: 'r1', events });
    const reported = await run('deployment', 'report', '--file', report);
    expect(reported).toMatchObject({ code: 3, out: expect.stringMatching(/^accepted +1$/m) });
    expect(reported.err).toMatch(/An event was refused:\n {2}events\.1\.status: /);
    expect((await run('deployment', 'report', '--file', report)).out).toMatch(/^outcome +REPEATED$/m);
    const end = await file('end.json', { ...name, status: 'READY' });
    expect((await run('deployment', 'end', '--file', end)).out).toMatch(/^status +READY$/m);
    expect((await run('deployment', 'end', '--file', end)).out).toMatch(/^outcome +ALREADY_ENDED$/m);
  });

  it('says what is missing before anything is sent', async () => {
    expect(await run('deployment', 'start', '--cluster', 'env-1')).toMatchObject({ code: 2 });
    expect(await run('deployment', 'report', '1')).toMatchObject({ code: 2 });
    expect(await run('deployment', 'report', '--status', 'ready', '--task', 'a')).toMatchObject({ code: 2 });
    expect(await run('deployment', 'report', '1', '--status', 'ready')).toMatchObject({ code: 2 });
    expect(await run('deployment', 'end', '1')).toMatchObject({ code: 2 });
    expect(await run('deployment', 'end', '1', '--file', join(folder, 'none.json'))).toMatchObject({ code: 2 });
  });
});

describe('deployments that are there', () => {
  it('are listed, shown, and their tasks and record read', async () => {
    const graph = await file('list-graph.json', { tasks: [{ name: 'a', nodes: ['1', '2'] }] });
    const start = ['deployment', 'start', '--cluster', 'env-list', '--external-id', 'l1', '--name', 'first'];
    const started = await run(...start, '--graph', graph, '-o', 'json');
    const { transaction } = JSON.parse(started.out) as { transaction: { number: number } };
    const number = String(transaction.number);
    await run('deployment', 'report', number, '--task', 'a', '--node', '1', '--status', 'ready');
    expect((await run('deployment', 'list', '--cluster', 'env-list')).out).toMatch(
      /first +\w+ +50 +pending 1, ready 1/,
    );
    expect((await run('deployment', 'list', '--status', 'lost')).out).toBe('');
    expect((await run('deployment', 'list', '--cluster', 'env-nobody')).code).toBe(3);
    expect((await run('deployment', 'show', number)).out).toMatch(/^externalId +l1$/m);
    expect(JSON.parse((await run('deployment', 'show', number, '-o', 'json')).out)).toMatchObject({
      graph: { tasks: [{ name: 'a', nodes: ['1', '2'] }] },
    });
    const tasks = await run('deployment', 'tasks', number, '--statuses', 'ready', '-o', 'json');
    const [task] = JSON.parse(tasks.out) as { number: number; node: string }[];
    expect(task).toMatchObject({ node: '1' });
    expect((await run('task', 'show', String(task?.number))).out).toMatch(/^status +READY$/m);
    expect(await run('task', 'show', '999999')).toMatchObject({ code: 3 });
    const events = await run('deployment', 'events', number, '-o', 'csv');
    expect(events.out).toMatch(/a,1,1,READY,READY,/);
  });

  it('give their record live, until they are over', async () => {
    await run('deployment', 'start', '--cluster', 'env-live', '--external-id', 'e1');
    const list = begin(['deployment', 'list', '--cluster', 'env-live', '-f', '-o', 'json'], server);
    await list.console.shows('"e1"');
    const { out } = await run('deployment', 'list', '--cluster', 'env-live', '-o', 'json');
    const [{ number }] = JSON.parse(out) as [{ number: number }];
    const begun = begin(['deployment', 'events', String(number), '--follow', '-o', 'json'], server);
    await run('deployment', 'report', String(number), '--task', 'a', '--node', '1', '--status', 'running');
    await begun.console.shows('"RUNNING"');
    await run('deployment', 'end', String(number), '--status', 'ready');
    const ended = await begun.ended;
    const seen = ended.out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { status: string }).status);
    expect({ code: ended.code, seen }).toEqual({ code: 0, seen: ['RUNNING', 'LOST'] });
    await list.console.shows('"READY"');
    list.interrupt();
    await list.ended;
  });
});
