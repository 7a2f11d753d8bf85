import { chmod, mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JobActionInput, type JobCreateInput, type OrrerySdk, payloadOf } from '@orrery/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HOUR, SECOND } from '../../src/lib/time.js';
import { localClientKey } from '../../src/main/local-agent.js';
import { pathWithoutFreezer } from '../kit/programs.js';
import { clockAhead, ServerProcess } from '../kit/server-process.js';
import { everySecond, expectEachInstantOnce, instantsOf, intervalInput, isOver, runsOf } from './due-ledger.js';

// Real processes that start, die and come back.
vi.setConfig({ testTimeout: 120_000 });

const SOON = { timeout: 60_000, interval: 20 };

let root: string;
let servers: ServerProcess[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orrery-kill-'));
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.end('SIGKILL')));
  await rm(root, { recursive: true, force: true });
});

const path = (...names: string[]): string => join(root, ...names);

async function start(settings: Record<string, string> = {}, env: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start({ dataDir: path('data'), localAgent: 'false', ...settings }, env);
  servers.push(server);
  return server;
}

async function create(sdk: OrrerySdk, more: Partial<JobCreateInput>) {
  const input = { clientId: localClientKey(hostname()), project: 'default', ...more };
  return payloadOf((await sdk.jobCreate({ input })).jobCreate).job;
}

const soon = (seconds: number): number => Math.ceil(Date.now() / SECOND + seconds) * SECOND;

/** A `tar` that waits, where it backs up, until the file `go` is there. */
async function patientTar(): Promise<Record<string, string>> {
  const PATH = await pathWithoutFreezer(path('bin'));
  const wait = `case "$*" in *--create*) while [ ! -e ${path('go')} ]; do sleep 0.02; done;; esac`;
  await writeFile(path('bin', 'tar'), `#!/bin/sh\n${wait}\nPATH=\${PATH#*:} exec tar "$@"\n`);
  await chmod(path('bin', 'tar'), 0o755);
  return { PATH };
}

/** Looks at the backups, and does it once more when an attempt is lost. */
function look(): JobActionInput {
  const freezerAction = { action: 'info', mode: 'fs', storage: 'local', container: path('backups') };
  return { freezerAction, maxRetries: 1, maxRetriesInterval: 0 };
}

/** Backs `files` up, and does it once more when an attempt is lost. */
function patientBackup(): JobActionInput {
  const where = { mode: 'fs', storage: 'local', container: path('backups'), backup_name: 'files' };
  const freezerAction = { action: 'backup', path_to_backup: path('files'), ...where };
  return { freezerAction, maxRetries: 1, maxRetriesInterval: 0 };
}

/** The attempts of a run, as `number STATUS`. */
async function attemptsOf(sdk: OrrerySdk, runId: string): Promise<string[] | undefined> {
  const { run } = await sdk.run({ id: runId });
  return run?.tasks.nodes.map(({ attempt, status }) => `${attempt} ${status}`);
}

/** Tears every file of a directory that is JSON, as a crash in the middle of a write may; returns their names. */
async function tear(directory: string): Promise<string[]> {
  const names = (await readdir(directory, { recursive: true })).filter((name) => /\.jsonl?$/.test(name));
  for (const name of names)
    await truncate(join(directory, name), Math.floor((await stat(join(directory, name))).size / 2));
  return names;
}

/** A segment of a run's spool whose first line was cut off: the agent had sent, and removed, what it had written. */
async function tornSegment(runId: string): Promise<void> {
  const directory = path('data', 'agent', 'spool', `_${Buffer.from(runId).toString('base64url')}`);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, '000000000001.jsonl'), '{"n":1,"reco');
}

describe('kill -9 of the server that keeps everything in one directory', () => {
  it('neither loses nor doubles a run while jobs are due every second and a backup is under way', async () => {
    const env = await patientTar();
    await mkdir(path('files'));
    await writeFile(path('files', 'one'), '1');
    let server = await start({ localAgent: 'true' }, env);
    const { port } = server;
    const sdk = server.sdk();
    const backup = await create(sdk, { actions: [patientBackup()], start: false });
    const torn = payloadOf((await sdk.jobRunNow({ input: { id: backup.id } })).jobRunNow).run?.id ?? '';
    await expect.poll(() => attemptsOf(sdk, torn), SOON).toEqual(['1 RUNNING']);
    const schedule = everySecond(soon(2), 6);
    const rules = { overlap: 'ALLOW_ALL' as const, catchup: 'ALL' as const };
    const job = {
      ...(await create(sdk, { schedule: intervalInput(schedule), ...rules, actions: [look()] })),
      schedule,
    };
    await expect.poll(async () => (await runsOf(sdk, job.id)).length, SOON).toBeGreaterThan(1);
    await server.end('SIGKILL');
    server = await start({ localAgent: 'true', port }, env);
    await writeFile(path('go'), '');
    await expect.poll(() => isOver(sdk, [job]), SOON).toBe(true);
    await expect.poll(() => attemptsOf(sdk, torn), SOON).toEqual(['1 LOST', '2 READY']);
    const due = await expectEachInstantOnce(sdk, job);
    expect(due.map(({ run }) => run?.result)).toEqual(instantsOf(schedule).map(() => 'SUCCESS'));
  });

  it('does not move the phase of an interval', async () => {
    let server = await start();
    const { port } = server;
    const sdk = server.sdk();
    const { id, key, schedule } = await create(sdk, { schedule: { interval: { every: '1 second' } } });
    const fired = async () =>
      (await sdk.dueTimes({ filter: { jobs: [key], outcomes: ['WAITING', 'SKIPPED'] }, first: 100 })).dueTimes.nodes;
    await expect.poll(async () => (await fired()).length, SOON).toBeGreaterThan(1);
    await server.end('SIGKILL');
    const before = Date.now();
    server = await start({ port });
    const after = async (): Promise<number> =>
      (await fired()).filter(({ at }) => Date.parse(at) > before + SECOND).length;
    await expect.poll(after, SOON).toBeGreaterThan(1);
    const { job } = await sdk.job({ id });
    expect(job?.schedule).toEqual(schedule);
    const anchor = schedule.__typename === 'IntervalSchedule' ? Date.parse(schedule.anchor) : 0;
    const phases = new Set((await fired()).map(({ at }) => (Date.parse(at) - anchor) % SECOND));
    expect([...phases]).toEqual([0]);
  });

  it('a one-shot whose time came while everything was down is caught up, or MISSED where its rule says so', async () => {
    const first = await start();
    const at = new Date(soon(1_800)).toISOString();
    const date = { schedule: { date: { at } } };
    const late = await create(first.sdk(), { ...date, catchupWindow: 3_600 });
    const short = await create(first.sdk(), { ...date, catchupWindow: 600 });
    const never = await create(first.sdk(), { ...date, catchup: 'NONE' });
    await first.end('SIGKILL');
    const sdk = (await start({}, clockAhead(HOUR))).sdk();
    const jobOf = async ({ id }: { id: string }) => (await sdk.job({ id })).job;
    const dueOf = async ({ key }: { key: string }) => {
      const window = { from: at, to: at };
      const { dueTimes } = await sdk.dueTimes({ filter: { jobs: [key] }, ...window, first: 10 });
      return dueTimes.nodes.map(({ outcome, reason, run }) => ({ outcome, reason, run: run !== null }));
    };
    await expect
      .poll(async () => (await runsOf(sdk, late.id)).map(({ trigger }) => trigger), SOON)
      .toEqual(['CATCHUP']);
    expect(await dueOf(late)).toEqual([{ outcome: 'WAITING', reason: 'CLIENT_UNKNOWN', run: true }]);
    for (const job of [short, never]) {
      await expect
        .poll(() => jobOf(job), SOON)
        .toMatchObject({ status: 'COMPLETED', result: 'MISSED', missedCount: 1 });
      expect(await dueOf(job)).toEqual([{ outcome: 'MISSED', reason: 'SERVER_DOWN', run: false }]);
      expect(await runsOf(sdk, job.id)).toEqual([]);
    }
  });

  it('goes on with a torn spool and a torn identity of its agent', async () => {
    const env = await patientTar();
    await mkdir(path('files'));
    const settings = { localAgent: 'true', runLease: '5s' };
    let server = await start(settings, env);
    const { port } = server;
    const sdk = server.sdk();
    const { id } = await create(sdk, { actions: [patientBackup()], start: false });
    const { run } = payloadOf((await sdk.jobRunNow({ input: { id } })).jobRunNow);
    await expect.poll(() => attemptsOf(sdk, run?.id ?? ''), SOON).toEqual(['1 RUNNING']);
    await server.end('SIGKILL');
    const torn = await tear(path('data', 'agent'));
    expect(torn).toContain('agent.json');
    if (!torn.some((name) => name.endsWith('.jsonl'))) await tornSegment(run?.id ?? '');
    server = await start({ ...settings, port }, env);
    await writeFile(path('go'), '');
    await expect.poll(() => attemptsOf(sdk, run?.id ?? ''), SOON).toEqual(['1 LOST', '2 READY']);
    expect((await sdk.run({ id: run?.id ?? '' })).run?.result).toBe('SUCCESS');
  });

  it('leaves the directory free, and a torn note about the server harms neither the next start nor a second one', async () => {
    const server = await start();
    await server.end('SIGKILL');
    await writeFile(path('data', 'server.json'), '{"pid":12,"ur');
    await start();
    for (const torn of ['{"pid":12,"ur', '{"pid":"x"}']) {
      await writeFile(path('data', 'server.json'), torn);
      const second = await start().catch(String);
      expect(second).toContain(`The data directory ${path('data')} is in use by another process. Stop it first`);
    }
  });
});
