import type { OrrerySdk } from '@orrery/sdk';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.js';
import { Broker } from '../kit/broker.js';
import { noOwnServices, OwnServices } from '../kit/own-services.js';
import { runOrrery, ServerProcess } from '../kit/server-process.js';
import { describeUnless } from '../kit/stores.js';
import { TcpProxy } from '../kit/tcp-proxy.js';
import { ReportLedger } from './report-ledger.js';

// Real processes that start, die and come back.
vi.setConfig({ testTimeout: 180_000 });

const SOON = { timeout: 60_000, interval: 25 };
const WELL = { code: 200, status: 'ready', degraded: [], down: [] };
const GRAPH = { tasks: [{ id: '34', name: 'swift', nodes: ['1', '2'] }, { name: 'sync' }] };

interface Told {
  readonly reportId: string;
  readonly events: readonly object[];
}

describeUnless(noOwnServices(), 'reports that come by the queue and by the API, of servers and stores that die', () => {
  let stores: OwnServices;
  let proxy: TcpProxy;
  let broker: Broker;
  let db: Database;
  let ledger: ReportLedger;
  let settings: Record<string, string>;
  let servers: ServerProcess[];
  let deployments = 0;

  beforeAll(async () => {
    stores = await OwnServices.start('mariadb', 'rabbitmq');
    proxy = await TcpProxy.before(stores.url('rabbitmq'));
    settings = {
      databaseUrl: stores.url('mariadb'),
      amqpUrl: `${proxy.through(stores.url('rabbitmq'))}?heartbeat=1`,
      reportsRetryDelay: '200ms',
    };
    expect(await runOrrery(['migrate'], settings)).toMatchObject({ code: 0 });
    broker = await Broker.open({ url: stores.url('rabbitmq'), prefix: 'orrery.' });
    db = await openDatabase({ url: stores.url('mariadb') });
    ledger = new ReportLedger(db);
  }, 120_000);
  afterAll(async () => {
    await broker.close();
    await db.close();
    await proxy.close();
    await stores.end();
  });

  const start = (index: number, more: Record<string, string> = {}): Promise<ServerProcess> =>
    ServerProcess.start({ ...settings, name: `server-${index}`, ...more });

  beforeEach(async () => {
    servers = await Promise.all([start(0), start(1)]);
    for (const server of servers) await expect.poll(() => server.ready(), SOON).toMatchObject(WELL);
  });
  afterEach(async () => {
    proxy.restore();
    // Whatever went away, nobody died of it, and everybody took it for what it was.
    const faults = servers.flatMap((server) => server.faults());
    const ends = await Promise.all(servers.map((server) => server.end()));
    expect(ends).toEqual(servers.map(() => ({ code: 0, signal: null })));
    expect(faults).toEqual([]);
    expect(await broker.ready()).toEqual({ reports: 0, waiting: 0, dead: 0 });
  });

  /** Kills a server as by kill -9, and starts it again on its port. */
  async function killAndRestart(index: number): Promise<void> {
    const server = servers[index];
    if (!server) throw new Error('There is no such server.');
    const { port } = server;
    await server.end('SIGKILL');
    servers[index] = await start(index, { port });
  }

  /** A deployment that was announced by the queue. */
  async function started(): Promise<string> {
    const externalId = newDeployment();
    await broker.publish([{ transactionStart: startOf(externalId) }]);
    await ledger.hasStatus(externalId, 'PENDING');
    return externalId;
  }

  const newDeployment = (): string => {
    deployments += 1;
    return `deployment-${deployments}`;
  };
  const startOf = (externalId: string) => ({ cluster: 'lab', externalId, graph: GRAPH });
  const reportOf = (externalId: string, { reportId, events }: Told) => ({
    cluster: 'lab',
    externalId,
    reportId,
    events,
  });
  const endOf = (externalId: string) => ({ cluster: 'lab', externalId, status: 'ERROR' as const, time: 2_000 });

  /** Reports of one event each, `r0` and on. */
  const reports = (from: number, count: number): Told[] =>
    Array.from({ length: count }, (_one, index) => ({
      reportId: `r${from + index}`,
      events: [{ taskName: `task-${from + index}`, nodeId: '1', status: 'ready', time: 1_000 }],
    }));
  const publish = (externalId: string, told: readonly Told[]): Promise<void> =>
    broker.publish(told.map((one) => ({ transactionReport: reportOf(externalId, one) })));
  const once = (told: readonly Told[]): Record<string, number> =>
    Object.fromEntries(told.map(({ reportId, events }) => [reportId, events.length]));
  const metric = async (name: string): Promise<number> => {
    const counts = await Promise.all(servers.map((server) => server.metric(name)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const recordedOf = async (externalId: string): Promise<number> =>
    Object.keys(await ledger.recorded(externalId)).length;

  it('kill -9 in the middle of a queue: what was not acknowledged comes again, and counts once', async () => {
    const externalId = await started();
    const told = reports(0, 600);
    await publish(externalId, told);
    await expect.poll(() => recordedOf(externalId), { ...SOON, interval: 5 }).toBeGreaterThan(20);
    const [, survivor] = servers;
    await killAndRestart(0);
    await ledger.holds(externalId, once(told));
    expect(await survivor?.metric('orrery_queue_redelivered_total')).toBeGreaterThan(0);
    await expect.poll(() => metric('orrery_queue_in_flight'), SOON).toBe(0);
  });

  it('an orderly stop in the middle of a queue: nothing is lost, and nothing was delivered in vain', async () => {
    const externalId = await started();
    const told = reports(0, 300);
    await publish(externalId, told);
    await expect.poll(() => recordedOf(externalId), { ...SOON, interval: 5 }).toBeGreaterThan(20);
    const [first] = servers;
    expect(await first?.end()).toEqual({ code: 0, signal: null });
    servers = servers.slice(1);
    await ledger.holds(externalId, once(told));
  });

  it('RabbitMQ killed and started, its connections cut, and silent: health says so, and nothing is lost', async () => {
    const externalId = await started();
    const told = reports(0, 400);
    await publish(externalId, told.slice(0, 100));
    await stores.kill('rabbitmq');
    const away = { code: 200, status: 'degraded', degraded: ['rabbitmq'], down: [] };
    for (const server of servers) await expect.poll(() => server.ready(), SOON).toMatchObject(away);
    await stores.restart('rabbitmq');
    for (const server of servers) await expect.poll(() => server.ready(), SOON).toMatchObject(WELL);
    await publish(externalId, told.slice(100, 200));
    proxy.reset();
    await publish(externalId, told.slice(200, 300));
    await ledger.holds(externalId, once(told.slice(0, 300)));
    proxy.trouble({ drop: true });
    await publish(externalId, told.slice(300));
    for (const server of servers) await expect.poll(() => server.ready(), SOON).toMatchObject(away);
    proxy.restore();
    await ledger.holds(externalId, once(told));
    for (const server of servers) await expect.poll(() => server.ready(), SOON).toMatchObject(WELL);
  });

  it('MariaDB killed and started: reports stay in the queue meanwhile, none is taken for poison', async () => {
    const externalId = await started();
    const told = reports(0, 200);
    await publish(externalId, told.slice(0, 100));
    await stores.kill('mariadb');
    for (const server of servers) await expect.poll(() => server.ready(), SOON).toMatchObject({ down: ['database'] });
    await publish(externalId, told.slice(100));
    await expect.poll(async () => (await broker.ready()).reports, SOON).toBeGreaterThanOrEqual(100);
    await stores.restart('mariadb');
    await ledger.holds(externalId, once(told));
    expect(await metric('orrery_queue_later_total')).toBe(0);
    expect(await metric('orrery_queue_dead_total')).toBe(0);
  });

  const sdks = new WeakMap<ServerProcess, OrrerySdk>();
  const sdkOf = (server: ServerProcess): OrrerySdk => {
    const sdk = sdks.get(server) ?? server.sdk();
    sdks.set(server, sdk);
    return sdk;
  };

  /** Says it by the API, to one server after the other, until it is acknowledged. */
  async function tell<T extends object>(say: (sdk: OrrerySdk) => Promise<T>): Promise<T> {
    let answer: T | undefined;
    let tries = 0;
    const isTold = async (): Promise<boolean> => {
      tries += 1;
      try {
        const server = servers[tries % servers.length];
        answer = server && (await say(sdkOf(server)));
      } catch {
        // That server is dead, or will be: the next one is asked.
      }
      return answer !== undefined && JSON.stringify(answer).includes('Payload"');
    };
    await expect.poll(isTold, SOON).toBe(true);
    return answer as T;
  }

  const event = fc.record({
    taskName: fc.constantFrom('swift', 'sync', 'late'),
    nodeId: fc.constantFrom('1', '2', ''),
    status: fc.constantFrom('running', 'ready', 'error', 'skipped', 'stopped'),
    time: fc.integer({ min: 1_000, max: 1_009 }),
    summary: fc.option(fc.constantFrom({ a: 1 }, 'text', [1]), { nil: undefined }),
  });
  const plans = fc
    .array(fc.array(event, { minLength: 1, maxLength: 5 }), { minLength: 20, maxLength: 40 })
    .chain((list) => {
      const all = list.map((events, index) => ({ reportId: `r${index}`, events }));
      const steps = [...all, ...all, ...all].map((told) =>
        fc.record({ told: fc.constant(told), byQueue: fc.boolean() }),
      );
      return fc.record({
        all: fc.constant(all),
        order: fc.tuple(...steps).chain((made) => fc.shuffledSubarray(made, { minLength: made.length })),
        startsByQueue: fc.boolean(),
        endAfter: fc.nat(steps.length),
        kills: fc.tuple(fc.nat(steps.length - 1), fc.nat(steps.length - 1)),
        batch: fc.integer({ min: 1, max: 8 }),
      });
    });

  it.each([1, 2, 3])(
    'any order, duplication and batching by both ways, with servers killed, ends in the same rows (%i)',
    async (seed) => {
      const [plan] = fc.sample(plans, { seed, numRuns: 1 });
      if (!plan) throw new Error('There is no plan.');
      const [plain, wild] = [newDeployment(), newDeployment()];
      await tell((sdk) => sdk.transactionStart({ input: startOf(plain) }));
      for (const told of plan.all) {
        await tell((sdk) => sdk.transactionReport({ input: { ...reportOf(plain, told), events: told.events } }));
      }
      await tell((sdk) => sdk.transactionEnd({ input: endOf(plain) }));

      if (plan.startsByQueue) await broker.publish([{ transactionStart: startOf(wild) }]);
      else await tell((sdk) => sdk.transactionStart({ input: startOf(wild) }));
      const underWay: Promise<unknown>[] = [];
      const batch: Told[] = [];
      for (const [index, { told, byQueue }] of plan.order.entries()) {
        for (const [server, at] of plan.kills.entries()) if (at === index) await killAndRestart(server);
        if (index === plan.endAfter) await broker.publish([{ transactionEnd: endOf(wild) }]);
        if (!byQueue) {
          underWay.push(
            tell((sdk) => sdk.transactionReport({ input: { ...reportOf(wild, told), events: told.events } })),
          );
          continue;
        }
        batch.push(told);
        if (batch.length >= plan.batch) underWay.push(publish(wild, batch.splice(0)));
      }
      underWay.push(publish(wild, batch));
      await Promise.all(underWay);
      await tell((sdk) => sdk.transactionEnd({ input: endOf(wild) }));
      await ledger.holds(wild, once(plan.all));
      await ledger.hasStatus(wild, 'ERROR');
      expect(await ledger.recorded(wild)).toEqual(await ledger.recorded(plain));
      expect(await ledger.rows(wild)).toEqual(await ledger.rows(plain));
      expect(await ledger.deployment(wild)).toMatchObject({ timeStart: (await ledger.deployment(plain))?.timeStart });
      await expect.poll(async () => (await broker.ready()).reports, SOON).toBe(0);
      await expect.poll(() => metric('orrery_queue_in_flight'), SOON).toBe(0);
    },
  );
});
