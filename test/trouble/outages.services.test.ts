import { type JobStatusChangedSubscription, type OrrerySdk, payloadOf } from '@orrery/sdk';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { SECOND } from '../../src/lib/time.js';
import { Follower } from '../kit/follower.js';
import { noOwnServices, OwnServices } from '../kit/own-services.js';
import { runOrrery, ServerProcess } from '../kit/server-process.js';
import { describeUnless } from '../kit/stores.js';
import {
  everySecond,
  expectEachInstantOnce,
  instantsOf,
  intervalInput,
  runsOf,
  type SecondlyJob,
} from './due-ledger.js';

// Real processes that start, die and come back.
vi.setConfig({ testTimeout: 120_000 });

const SOON = { timeout: 60_000, interval: 50 };
const WELL = { status: 'ready', degraded: [], down: [] };

type Change = JobStatusChangedSubscription['jobStatusChanged'];

describeUnless(noOwnServices(), 'a store that goes away under two server processes', () => {
  let stores: OwnServices;
  let servers: ServerProcess[] = [];
  let near: OrrerySdk;
  let far: OrrerySdk;
  let jobs = 0;

  beforeAll(async () => {
    stores = await OwnServices.start('mariadb', 'redis', 'rabbitmq', 'secantus');
    const settings = {
      databaseUrl: stores.url('mariadb'),
      mongodbUrl: stores.url('secantus'),
      redisUrl: stores.url('redis'),
      amqpUrl: stores.url('rabbitmq'),
      shardLease: '2s',
      runLease: '5s',
    };
    expect(await runOrrery(['migrate'], settings)).toMatchObject({ code: 0 });
    const start = (name: string) => ServerProcess.start({ ...settings, name });
    servers = await Promise.all([start('a'), start('b')]);
    [near, far] = servers.map((server) => server.sdk()) as [OrrerySdk, OrrerySdk];
  }, 120_000);
  afterAll(async () => {
    // Whatever went away, nobody died of it.
    const ends = await Promise.all(servers.map((server) => server.end()));
    await stores.end();
    expect(ends).toEqual(servers.map(() => ({ code: 0, signal: null })));
  });

  const everyServer = async (state: object): Promise<void> => {
    for (const server of servers) await expect.poll(() => server.ready(), SOON).toMatchObject(state);
  };

  async function createJob(sdk: OrrerySdk, more: object = {}): Promise<{ id: string; key: string }> {
    jobs += 1;
    const input = { key: `job-${jobs}`, clientId: 'nobody', project: 'default', ...more };
    return payloadOf((await sdk.jobCreate({ input })).jobCreate).job;
  }

  /** A job that is due every second for some seconds, from the second after next on. */
  async function secondlyJob(times: number): Promise<SecondlyJob> {
    const schedule = everySecond(Math.ceil(Date.now() / SECOND + 1) * SECOND, times);
    const rules = { schedule: intervalInput(schedule), overlap: 'ALLOW_ALL', catchup: 'ALL' };
    return { ...(await createJob(near, rules)), schedule };
  }

  const runs = (count: number, { id }: SecondlyJob): Promise<void> =>
    expect.poll(async () => (await runsOf(near, id)).length, SOON).toBeGreaterThanOrEqual(count);

  async function wasFired(job: SecondlyJob): Promise<void> {
    await runs(instantsOf(job.schedule).length, job);
    await expectEachInstantOnce(near, job);
  }

  /** Follows the jobs at the other server; resolves when it hears of new ones. */
  async function follow(): Promise<Follower<Change>> {
    const follower = new Follower<Change>(async function* (signal) {
      for await (const { jobStatusChanged } of far.jobStatusChanged({}, signal)) yield jobStatusChanged;
    });
    const heard = async (): Promise<number> => {
      await createJob(near);
      return follower.seen.length;
    };
    await expect.poll(heard, SOON).toBeGreaterThan(0);
    return follower;
  }

  /** Each of these jobs was told of once, and nothing came twice. */
  async function expectTold(follower: Follower<Change>, keys: readonly string[]): Promise<void> {
    const told = (): string[] => follower.seen.map(({ key }) => key);
    await expect.poll(told, SOON).toEqual(expect.arrayContaining([...keys]));
    await follower.stop();
    expect(follower.failure).toBeUndefined();
    expect(new Set(told()).size).toBe(told().length);
    expect(new Set(follower.seen.map(({ cursor }) => cursor)).size).toBe(follower.seen.length);
  }

  const created = (count: number): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, async () => (await createJob(near)).key));

  it('RabbitMQ: reports wait there, nothing else changes, and health says so', async () => {
    await everyServer(WELL);
    await stores.kill('rabbitmq');
    const job = await secondlyJob(2);
    await everyServer({ code: 200, status: 'degraded', degraded: ['rabbitmq'], down: [] });
    await wasFired(job);
    await stores.restart('rabbitmq');
    await everyServer({ code: 200, ...WELL });
  });

  it('Redis: live data goes on by polling, nothing is missed, and health says so', async () => {
    const follower = await follow();
    const job = await secondlyJob(6);
    const before = await created(5);
    await stores.kill('redis');
    await everyServer({ code: 200, status: 'degraded', degraded: ['redis'], down: [] });
    const during = await created(5);
    await expect.poll(() => follower.seen.map(({ key }) => key), SOON).toEqual(expect.arrayContaining(during));
    await runs(3, job);
    await stores.restart('redis');
    await everyServer({ code: 200, ...WELL });
    const after = await created(5);
    await expectTold(follower, [...before, ...during, ...after]);
    await wasFired(job);
  });

  it('MongoDB: ownership goes on by the database alone, and health says so', async () => {
    const job = await secondlyJob(6);
    await stores.kill('secantus');
    await everyServer({ code: 200, status: 'degraded', degraded: ['mongodb'], down: [] });
    await runs(3, job);
    await stores.restart('secantus');
    await everyServer({ code: 200, ...WELL });
    await wasFired(job);
  });

  it("MongoDB's database dropped: its entries come back, and every due instant is fired once", async () => {
    const client = new MongoClient(stores.url('secantus'));
    const entries = () => client.db().collection('agendaJobs').countDocuments();
    try {
      expect(await entries()).toBe(16);
      const job = await secondlyJob(4);
      await runs(1, job);
      await client.db().dropDatabase();
      await wasFired(job);
      await expect.poll(entries, { ...SOON, timeout: 90_000 }).toBe(16);
      await everyServer({ code: 200, ...WELL });
    } finally {
      await client.close();
    }
  });

  it('MariaDB killed under a load of mutations: what was accepted is there, and streams go on without a gap', async () => {
    const follower = await follow();
    const job = await secondlyJob(8);
    const load = startLoad();
    await expect.poll(() => load.accepted.length, SOON).toBeGreaterThan(50);
    await stores.kill('mariadb');
    await everyServer({ code: 503, down: ['database'] });
    await expect.poll(() => load.refused.size, SOON).toBeGreaterThan(0);
    await stores.restart('mariadb');
    await everyServer({ code: 200, ...WELL });
    const { length } = load.accepted;
    await expect.poll(() => load.accepted.length, SOON).toBeGreaterThan(length + 50);
    await load.stop();
    // Nothing of it counts as a bug.
    for (const server of servers) expect(server.faults()).toEqual([]);
    expect([...load.refused]).toEqual(['UNAVAILABLE']);
    const stored = await storedKeys();
    expect(stored).toEqual(expect.arrayContaining(load.accepted));
    // Of what was refused in the middle of its commit some may be there: the readers were told of those as well.
    await expectTold(follower, [...stored.filter((key) => key.startsWith('load-'))]);
    await wasFired(job);
  });

  async function storedKeys(): Promise<string[]> {
    const keys: string[] = [];
    for (let after: string | null = null; ; ) {
      const { jobs: page } = await near.jobs({ first: 500, after });
      keys.push(...page.nodes.map(({ key }) => key));
      after = page.pageInfo.endCursor;
      if (!page.pageInfo.hasNextPage) return keys;
    }
  }

  /** Ten writers that make jobs, one after the other, on both servers. */
  function startLoad(): { accepted: string[]; refused: Set<string>; stop(): Promise<void> } {
    const accepted: string[] = [];
    const refused = new Set<string>();
    let stopped = false;
    const write = async (writer: number): Promise<void> => {
      for (let number = 0; !stopped; number += 1) {
        const key = `load-${writer}-${number}`;
        try {
          accepted.push((await createJob(writer % 2 === 0 ? near : far, { key })).key);
        } catch (error) {
          refused.add(error instanceof Error && 'code' in error ? String(error.code) : String(error));
        }
      }
    };
    const writers = Array.from({ length: 10 }, (_, writer) => write(writer));
    return {
      accepted,
      refused,
      stop: async () => {
        stopped = true;
        await Promise.all(writers);
      },
    };
  }
});
