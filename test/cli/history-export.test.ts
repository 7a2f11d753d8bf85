import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSdk, payloadOf } from '@orrery/sdk';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startTestServer, type TestServer } from '../kit/server.js';
import { type Answer, orrery } from './console.js';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  [server, folder] = await Promise.all([startTestServer(), mkdtemp(join(tmpdir(), 'orrery-export-'))]);
  const sdk = createSdk(server.client());
  const input = { cluster: 'env-1', externalId: 'd1', name: 'größer' };
  payloadOf((await sdk.transactionStart({ input })).transactionStart);
  const events = [
    { taskName: 'netconfig', nodeId: '5', status: 'ready', summary: { total: 7 } },
    { taskName: '=hiera', nodeId: '6', status: 'error' },
    { taskName: 'say "a, b"', nodeId: '7', status: 'ready' },
  ];
  const report = { externalId: 'd1', cluster: 'env-1', reportId: 'r1', events };
  payloadOf((await sdk.transactionReport({ input: report })).transactionReport);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]): Promise<Answer> => orrery(['history', 'export', ...args], server);

/** A server of the test's own; its address. */
async function answering(listener: RequestListener): Promise<string> {
  const own: Server = createServer(listener);
  await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void own.close());
  return `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
}

describe('history export', () => {
  it('writes CSV that spreadsheets take, and narrows it', async () => {
    const { code, out, err } = await run('--cluster', 'env-1');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [head, ...lines] = out.trimEnd().split('\r\n');
    expect(head).toMatch(/^number,id,transaction_number/);
    expect(lines).toHaveLength(3);
    expect(out).toContain("'=hiera");
    expect(out).toContain('größer');
    expect((await run('--node', '5', '--statuses', 'ready', 'error')).out.trimEnd().split('\r\n')).toHaveLength(2);
    const named = await run('--task-name', '"say ""a, b""",nothing');
    expect(named.out.trimEnd().split('\r\n')).toHaveLength(2);
    expect(await run('--task-name', '"say')).toMatchObject({ code: 2, err: expect.stringContaining('double quotes') });
    expect((await run('--until', '2d')).out.trimEnd().split('\r\n')).toHaveLength(1);
    expect((await run('--bom')).out.startsWith('\uFEFFnumber')).toBe(true);
  });

  it('searches within a transaction, and there alone', async () => {
    expect((await run('--transaction', '1', '--search', 'NETCONF')).out.trimEnd().split('\r\n')).toHaveLength(2);
    expect(await run('--search', 'x')).toMatchObject({ code: 2, err: expect.stringContaining('--transaction') });
  });

  it('writes to standard output for the file "-"', async () => {
    for (const subject of ['history', 'deployment']) {
      const { code, out } = await orrery([subject, 'export', '--file', '-'], server);
      expect({ code, head: out.slice(0, 10) }).toEqual({ code: 0, head: 'number,id,' });
    }
  });

  it('writes JSON lines with summaries, into a file that appears when it is whole', async () => {
    const file = join(folder, 'history.jsonl');
    expect(await run('--task-name', 'netconfig', '--summary', '--file', file)).toMatchObject({ code: 0, out: '' });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ task_name: 'netconfig', summary: { total: 7 } });
    expect(await readdir(folder)).toEqual(['history.jsonl']);
  });

  it('writes the list of deployments too', async () => {
    const { code, out } = await orrery(['deployment', 'export', '--cluster', 'env-1', '--status', 'running'], server);
    expect({ code, lines: out.trimEnd().split('\r\n').length }).toEqual({ code: 0, lines: 2 });
    expect(out).toContain('größer');
    expect((await orrery(['deployment', 'export', '--status', 'lost'], server)).out).not.toContain('größer');
  });

  it('says in one line what is refused', async () => {
    expect(await run('--cluster', 'nobody')).toMatchObject({ code: 3, err: expect.stringContaining('nobody') });
    expect(await run('--summary', '--format', 'csv')).toMatchObject({ code: 3 });
    expect(await orrery(['history', 'export', '--url', server.url, '--token', 'wrong'])).toMatchObject({ code: 4 });
    expect(await orrery(['history', 'export', '--url', 'http://127.0.0.1:1'])).toMatchObject({ code: 5 });
    expect(await run('--file', join(folder, 'no', 'such', 'folder.csv'))).toMatchObject({ code: 2 });
  });

  it('never takes an export that broke off for a whole one', async () => {
    const url = await answering((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' });
      response.write('number,id\r\n', () => response.destroy());
    });
    const file = join(folder, 'broken.csv');
    const broken = await orrery(['history', 'export', '--url', url, '--file', file]);
    expect(broken).toMatchObject({ code: 5, err: expect.stringContaining('broke the export off') });
    expect(await readdir(folder)).not.toContain('broken.csv');
    expect(await readdir(folder)).not.toContain('broken.csv.part');
  });

  it('says when what answers is no Orrery server', async () => {
    const url = await answering((_request, response) => void response.writeHead(404).end('nothing here'));
    const { code, err } = await orrery(['history', 'export', '--url', url]);
    expect({ code, err }).toEqual({ code: 5, err: expect.stringContaining('is it an Orrery server?') });
  });
});
