import { readFile } from 'node:fs/promises';
import { type OrrerySdk, payloadOf } from '@orrery/sdk';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HOUR, SECOND } from '../../src/lib/time.js';
import { AgentHost } from '../agent/agent-kit.js';
import { migratedDatabase } from '../kit/migrated.js';
import { clockAhead, runOrrery, ServerProcess } from '../kit/server-process.js';
import { describeWithStores, type FreshStore, freshDatabase } from '../kit/stores.js';
import {
  everySecond,
  expectEachInstantOnce,
  instantsOf,
  intervalInput,
  isOver,
  runsOf,
  type SecondlyJob,
} from './due-ledger.js';

// Real processes that start, die and come back.
vi.setConfig({ testTimeout: 120_000 });

const SHORT = { shardLease: '2s', runLease: '5s' };
const HELD = 'orrery_shards_held';
const TAKEN_OVER = 'orrery_shard_takeovers_total';
const SOON = { timeout: 60_000, interval: 50 };

describeWithStores('two server processes on one MySQL', ['mysql'], () => {
  let store: FreshStore;
  let servers: ServerProcess[];

  beforeEach(() => {
    servers = [];
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.end('SIGKILL')));
    await store.drop();
  });

  async function start(name: string, env: Record<string, string> = {}, more: object = {}): Promise<ServerProcess> {
    const server = await ServerProcess.start({ databaseUrl: store.url, name, ...SHORT, ...more }, env);
    servers.push(server);
    return server;
  }

  const migrate = () => runOrrery(['migrate'], { databaseUrl: store.url });

  /** Two servers that have shared the shards out. */
  async function startBoth(
    clocks: readonly Record<string, string>[] = [],
    more: object = {},
  ): Promise<[ServerProcess, ServerProcess]> {
    store = await migratedDatabase('mysql');
    const a = await start('a', clocks[0], more);
    const b = await start('b', clocks[1], more);
    await expect.poll(async () => [await a.metric(HELD), await b.metric(HELD)], SOON).toEqual([8, 8]);
    return [a, b];
  }

  /** Jobs that are all due every second from the next second but one on. */
  async function secondlyJobs(sdk: OrrerySdk, count: number, times: number, more: object = {}): Promise<SecondlyJob[]> {
    const from = Math.ceil(Date.now() / SECOND + 2) * SECOND;
    const schedule = everySecond(from, times);
    return Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const key = `job-${index}`;
        const input = { key, clientId: 'nobody', project: 'default', schedule: intervalInput(schedule), ...more };
        const { job } = payloadOf((await sdk.jobCreate({ input })).jobCreate);
        return { id: job.id, key, schedule };
      }),
    );
  }

  /** Lets the half of the instants pass. */
  const half = async (sdk: OrrerySdk, [job]: readonly SecondlyJob[]): Promise<void> => {
    if (!job) return;
    const enough = instantsOf(job.schedule).length / 2;
    await expect.poll(async () => (await runsOf(sdk, job.id)).length, SOON).toBeGreaterThanOrEqual(enough);
  };

  /** Whether no instant lies ahead. */
  async function allFired(sdk: OrrerySdk, jobs: readonly SecondlyJob[]): Promise<boolean> {
    const found = await Promise.all(jobs.map(({ id }) => sdk.job({ id })));
    return found.every(({ job }) => job?.nextRunAt === null);
  }

  it('migrate once when both are told to at once, and serve once it is done', async () => {
    store = await freshDatabase('mysql');
    const refused = await ServerProcess.start({ databaseUrl: store.url, name: 'early' }).catch(String);
    expect(refused).toContain('Run "orrery migrate" first.');
    const ended = await Promise.all([migrate(), migrate()]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    const applied = ended.map(({ out }) => out.split('\n').filter((line) => line.startsWith('applied ')));
    const [most = [], least = []] = applied.toSorted((a, b) => b.length - a.length);
    expect(most.length).toBeGreaterThan(0);
    expect(new Set(most).size).toBe(most.length);
    expect(least).toEqual([]);
    const [a, b] = await Promise.all([start('a'), start('b')]);
    expect((await a.ready()).status).toBe('ready');
    expect((await b.ready()).status).toBe('ready');
  });

  it('fire each due instant once, and when one is stopped the other goes on at once', async () => {
    // A lease that nobody could wait for.
    const [a, b] = await startBoth([], { shardLease: '120s' });
    const jobs = await secondlyJobs(a.sdk(), 10, 8, { overlap: 'ALLOW_ALL', catchup: 'ALL' });
    const sdk = b.sdk();
    await half(sdk, jobs);
    expect(await a.end('SIGTERM')).toEqual({ code: 0, signal: null });
    await expect.poll(() => allFired(sdk, jobs), SOON).toBe(true);
    for (const job of jobs) {
      const due = await expectEachInstantOnce(sdk, job);
      expect(due.map(({ outcome }) => outcome)).toEqual(instantsOf(job.schedule).map(() => 'WAITING'));
    }
    // Leases were handed over, not waited for.
    expect(await b.metric(TAKEN_OVER)).toBe(0);
    expect(await b.metric('orrery_fire_refused_twice_total')).toBe(0);
  });

  it('hosts whose clocks are an hour off fire nothing early and take nothing over but from the dead', async () => {
    const [a, b] = await startBoth([clockAhead(HOUR), clockAhead(-HOUR)]);
    const jobs = await secondlyJobs(a.sdk(), 4, 8, { overlap: 'ALLOW_ALL', catchup: 'ALL' });
    const sdk = b.sdk();
    await half(sdk, jobs);
    await a.end('SIGKILL');
    await expect.poll(() => allFired(sdk, jobs), SOON).toBe(true);
    for (const job of jobs) {
      for (const { lateness } of await expectEachInstantOnce(sdk, job)) expect(lateness).toBeGreaterThanOrEqual(0);
    }
  });

  it('one killed: the other takes over, and every due instant is run once, by what the runs wrote', async () => {
    const [a, b] = await startBoth();
    const host = await AgentHost.on(b);
    try {
      await host.start();
      const actions = [{ freezerAction: { action: 'exec', command: `echo "$ORRERY_RUN_ID" >> ${host.path('ran')}` } }];
      const rules = { overlap: 'ALLOW_ALL', catchup: 'ALL', clientId: host.clientId, actions };
      const jobs = await secondlyJobs(a.sdk(), 2, 10, rules);
      const sdk = b.sdk();
      await half(sdk, jobs);
      await a.end('SIGKILL');
      await expect.poll(() => b.metric(TAKEN_OVER), SOON).toBe(8);
      await expect.poll(() => isOver(sdk, jobs), SOON).toBe(true);
      for (const job of jobs) {
        const due = await expectEachInstantOnce(sdk, job);
        expect(due.map(({ run }) => run?.result)).toEqual(instantsOf(job.schedule).map(() => 'SUCCESS'));
      }
      const ran = (await readFile(host.path('ran'), 'utf8')).trim().split('\n');
      expect(ran).toHaveLength(20);
      expect(new Set(ran).size).toBe(20);
    } finally {
      await host.remove();
    }
  });
});
