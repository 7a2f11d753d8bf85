import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReportService } from '../../src/history/intake/report-service.js';
import { SECOND } from '../../src/lib/time.js';
import { Broker } from '../kit/broker.js';
import { describeWithStores, freshAmqp, storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { rowsOf } from './deployments.js';
import { type QueueServer, queueServer } from './queue-server.js';

const SOON = { timeout: 60_000, interval: 10 };
const DEADLY = 'deadly';

/** A server that dies of one report: it never answers, and `killed` resolves when it has got it. */
class Mortal {
  readonly server: QueueServer;
  /** The reports that were under way at once, most of all, with the deadly one. */
  company = 0;
  readonly killed: Promise<void>;

  constructor(world: World, broker: Broker) {
    const { reports } = world.services;
    let kill = (): void => {};
    this.killed = new Promise((resolve) => {
      kill = resolve;
    });
    let underWay = 0;
    const reporting: ReportService['report'] = async (ctx, given) => {
      underWay += 1;
      if (given.reportId === DEADLY) {
        this.company = underWay - 1;
        kill();
        return new Promise<never>(() => {});
      }
      const taken = await reports.report(ctx, given);
      underWay -= 1;
      return taken;
    };
    this.server = queueServer(world, broker, { ...reports, report: reporting });
    this.server.queue.start();
  }

  /** Resolves once it has died: its connection broke in the middle of the message. */
  async dies(): Promise<void> {
    await this.killed;
    await this.server.connection.close(SECOND);
  }
}

describeWithStores('a message that kills whoever takes it in', ['amqp'], () => {
  describe.each(storeKinds())('(%s)', (store) => {
    let world: World;
    let broker: Broker;
    beforeEach(async () => {
      broker = await Broker.open(freshAmqp());
      world = await createWorld({ store });
    });
    afterEach(async () => {
      await broker.close();
      await world.close();
    });

    const message = (reportId: string, task: string) => ({
      transactionReport: {
        cluster: 'lab',
        externalId: '1',
        reportId,
        events: [{ taskName: task, nodeId: '1', status: 'ready' }],
      },
    });
    const suspects = () => world.db.reader.rows<{ tries: number }>('SELECT tries FROM report_suspects');

    it('is tried alone by three more, and then lies among the dead; the others are all taken in', async () => {
      await broker.publish([
        { transactionStart: { cluster: 'lab', externalId: '1' } },
        message('r1', 'a'),
        message(DEADLY, 'b'),
        message('r2', 'c'),
        message('r3', 'd'),
      ]);
      // The first has it together with others, and counts nothing.
      await new Mortal(world, broker).dies();
      expect(await suspects()).toEqual([]);
      for (let death = 1; death <= 3; death += 1) {
        const mortal = new Mortal(world, broker);
        await mortal.dies();
        expect(mortal.company).toBe(0);
        expect(await suspects()).toEqual([{ tries: death }]);
      }
      const survivor = new Mortal(world, broker);
      const [letter] = await broker.dead(1);
      expect(letter?.json).toEqual(message(DEADLY, 'b'));
      expect(letter?.headers).toMatchObject({
        'x-orrery-code': 'SERVER_DIED',
        'x-orrery-reason': expect.stringMatching(/^3 servers .* died/),
      });
      await expect.poll(() => broker.ready(), SOON).toEqual({ reports: 0, waiting: 0, dead: 0 });
      await survivor.server.queue.stop(10 * SECOND);
      expect(await suspects()).toEqual([]);
      const [row] = await world.db.reader.rows<{ id: string }>("SELECT id FROM transactions WHERE external_id = '1'");
      expect((await rowsOf(world, row?.id ?? '')).map(({ task }) => task)).toEqual(['a', 'c', 'd']);
    });

    it('is forgotten where one survives it, however often it comes again', async () => {
      await broker.publish([{ transactionStart: { cluster: 'lab', externalId: '1' } }, message(DEADLY, 'b')]);
      for (let death = 0; death < 3; death += 1) await new Mortal(world, broker).dies();
      expect(await suspects()).toEqual([{ tries: 2 }]);
      const { queue, counted } = queueServer(world, broker);
      queue.start();
      await expect.poll(() => counted, SOON).toContain('taken transactionReport');
      await queue.stop(10 * SECOND);
      expect(await suspects()).toEqual([]);
      expect(counted).toContain('redelivered');
    });
  });

  it('does not stand for large messages, of which only so many bytes are in work at once', async () => {
    const broker = await Broker.open(freshAmqp());
    const world = await createWorld({ store: 'sqlite' });
    const { reports } = world.services;
    let most = 0;
    let underWay = 0;
    const start: ReportService['start'] = async (ctx, given) => {
      underWay += 1;
      most = Math.max(most, underWay);
      const started = await reports.start(ctx, given);
      underWay -= 1;
      return started;
    };
    // Each has over 12 MiB, so that only two are below the bound of 32 MiB.
    const large = (externalId: string) =>
      Buffer.from(
        `${' '.repeat(12 * 1024 * 1024)}${JSON.stringify({ transactionStart: { cluster: 'lab', externalId } })}`,
      );
    await broker.publish(Array.from({ length: 12 }, (_one, index) => large(`d${index}`)));
    const { queue, counted } = queueServer(world, broker, { ...reports, start }, 12);
    queue.start();
    await expect
      .poll(() => counted.filter((one) => one === 'taken transactionStart'), SOON)
      .toEqual(Array.from({ length: 12 }, () => 'taken transactionStart'));
    expect(most).toBeLessThanOrEqual(2);
    await queue.stop(10 * SECOND);
    expect(await broker.ready()).toEqual({ reports: 0, waiting: 0, dead: 0 });
    const [{ count } = { count: 0 }] = await world.db.reader.rows<{ count: number }>(
      'SELECT COUNT(*) AS count FROM transactions',
    );
    expect(Number(count)).toBe(12);
    await broker.close();
    await world.close();
  });
});
