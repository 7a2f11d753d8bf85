import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConflictRetry } from '../../src/db/failures.js';
import type { ReportService } from '../../src/history/intake/report-service.js';
import { SECOND } from '../../src/lib/time.js';
import { Broker } from '../kit/broker.js';
import { describeWithStores, freshAmqp } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { rowsOf } from './deployments.js';
import { type QueueServer, queueServer } from './queue-server.js';

const SOON = { timeout: 60_000, interval: 10 };

/** What a driver throws. */
const driverError = (code: string): Error => Object.assign(new Error(`The store said ${code}.`), { code });

describeWithStores('a store that fails over a message', ['amqp'], () => {
  let world: World;
  let broker: Broker;
  let server: QueueServer;
  /** What is thrown over a report, by its id: each time another, and nothing once none is left. */
  const troubles = new Map<string, () => Error | undefined>();

  beforeEach(async () => {
    troubles.clear();
    broker = await Broker.open(freshAmqp());
    world = await createWorld({ store: 'sqlite' });
    const { reports } = world.services;
    const report: ReportService['report'] = async (ctx, given) => {
      const error = troubles.get(given.reportId)?.();
      if (error) throw error;
      return reports.report(ctx, given);
    };
    server = queueServer(world, broker, { ...reports, report });
    server.queue.start();
    await broker.publish([{ transactionStart: { cluster: 'lab', externalId: '1' } }]);
    await counts('taken transactionStart', 1);
  });
  afterEach(async () => {
    await server.queue.stop(10 * SECOND);
    await broker.close();
    await world.close();
  });

  const counted = (what: string) => server.counted.filter((one) => one === what).length;
  const counts = (what: string, times: number) => expect.poll(() => counted(what), SOON).toBe(times);
  const message = (reportId: string) => ({
    transactionReport: {
      cluster: 'lab',
      externalId: '1',
      reportId,
      events: [{ taskName: reportId, nodeId: '1', status: 'ready' }],
    },
  });

  it('each time, and answers otherwise, has that one put off and then buried; the others are taken in', async () => {
    troubles.set('taken-key', () => new ConflictRetry('Another transaction was first.'));
    troubles.set('too-large', () => driverError('ECONNRESET'));
    const good = Array.from({ length: 20 }, (_one, index) => `good-${index}`);
    await broker.publish(['taken-key', 'too-large', ...good].map(message));
    await counts('taken transactionReport', good.length);
    expect(counted('dead STORE_CONFLICT') + counted('dead STORE_BROKE_OFF')).toBe(0);
    const letters = await broker.dead(2);
    const told = letters.map(({ headers, json }) => [
      (json as { transactionReport: { reportId: string } }).transactionReport.reportId,
      headers['x-orrery-code'],
    ]);
    expect(told.sort()).toEqual([
      ['taken-key', 'STORE_CONFLICT'],
      ['too-large', 'STORE_BROKE_OFF'],
    ]);
    expect([counted('later STORE_CONFLICT'), counted('later STORE_BROKE_OFF')]).toEqual([15, 15]);
    const [{ id } = { id: '' }] = await world.db.reader.rows<{ id: string }>('SELECT id FROM transactions');
    expect(await rowsOf(world, id)).toHaveLength(good.length);
  });

  it('for want of room keeps all of them in the queue until there is room, and says that it stands still', async () => {
    let failures = 0;
    troubles.set('r', () => {
      failures += 1;
      return failures <= 3 ? driverError('ER_DISK_FULL') : undefined;
    });
    await broker.publish([message('r')]);
    await expect.poll(() => server.queue.standsStillSince, SOON).toBe(world.clock.now());
    await counts('taken transactionReport', 1);
    expect(server.counted.filter((one) => /^(later|dead)/.test(one))).toEqual([]);
    expect(server.queue.standsStillSince).toBeNull();
  });
});
