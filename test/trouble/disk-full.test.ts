import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OrrerySdk, payloadOf } from '@orrery/sdk';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SECOND } from '../../src/lib/time.js';
import { ServerProcess } from '../kit/server-process.js';
import { describeUnless } from '../kit/stores.js';
import { everySecond, expectEachInstantOnce, instantsOf, intervalInput, runsOf } from './due-ledger.js';

// Real processes that start, die and come back.
vi.setConfig({ testTimeout: 120_000 });

const SOON = { timeout: 60_000, interval: 20 };

/** Why no small disk can be made here; undefined when one can. */
function noSmallDisk(): string | undefined {
  if (process.platform !== 'linux') return 'a small disk is made of a tmpfs of Linux';
  if (process.getuid?.() !== 0) return 'only root may mount a small disk';
  const { status } = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return status === 0 ? undefined : 'a disk cannot be mounted here';
}

/** Writes a file until nothing more fits. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (let bytes = 1_048_576; bytes >= 1; bytes = Math.floor(bytes / 2)) {
      while (await fits(() => file.write(Buffer.alloc(bytes)))) void bytes;
    }
  } finally {
    await file.close();
  }
}

const fits = (write: () => Promise<unknown>): Promise<boolean> =>
  write().then(
    () => true,
    () => false,
  );

describeUnless(noSmallDisk(), 'a full disk under the data directory', () => {
  let disk: string;
  let server: ServerProcess;
  let sdk: OrrerySdk;

  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'orrery-disk-'));
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]).status).toBe(0);
    server = await ServerProcess.start({ dataDir: join(disk, 'data'), localAgent: 'false' });
    sdk = server.sdk();
  });
  afterEach(async () => {
    await server.end('SIGKILL');
    spawnSync('umount', [disk]);
    await rm(disk, { recursive: true, force: true });
  });

  const create = async (more: object = {}) => {
    const input = { clientId: 'nobody', project: 'default', ...more };
    return payloadOf((await sdk.jobCreate({ input })).jobCreate).job;
  };

  it('mutations answer a named error, reads go on, and all goes on by itself when there is room', async () => {
    const schedule = everySecond(Math.ceil(Date.now() / SECOND + 2) * SECOND, 6);
    const job = {
      ...(await create({ schedule: intervalInput(schedule), overlap: 'ALLOW_ALL', catchup: 'ALL' })),
      schedule,
    };
    const grant = { name: 'reader', role: 'READER' as const };
    const { secret } = payloadOf((await sdk.apiTokenCreate({ input: grant })).apiTokenCreate);
    await expect.poll(async () => (await runsOf(sdk, job.id)).length, SOON).toBeGreaterThan(0);
    await fill(join(disk, 'filler'));
    const refused = () =>
      create().then(String, (error: Error & { code?: string }) => `${error.code}: ${error.message}`);
    await expect.poll(refused, SOON).toMatch(/^UNAVAILABLE: The disk of the database is full/);
    expect((await server.sdk(secret).jobs({ first: 10 })).jobs.nodes.map(({ id }) => id)).toContain(job.id);
    // Reads go on, and no other server could write: it stays in service, and says what is wrong.
    expect(await server.ready()).toMatchObject({ code: 200, status: 'degraded', degraded: ['disk'], down: [] });
    expect(await server.metric('orrery_part_state')).toBe(1);
    await rm(join(disk, 'filler'));
    await expect.poll(refused, SOON).toBe('[object Object]');
    await expect.poll(() => server.ready(), SOON).toMatchObject({ status: 'ready', reasons: {} });
    await expect.poll(async () => (await runsOf(sdk, job.id)).length, SOON).toBe(instantsOf(schedule).length);
    await expectEachInstantOnce(sdk, job);
    expect(await server.end()).toEqual({ code: 0, signal: null });
  });
});
