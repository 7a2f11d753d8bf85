import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SECOND } from '../../src/lib/time.js';
import { ADMIN } from '../kit/actors.js';
import { Broker } from '../kit/broker.js';
import { run } from '../kit/programs.js';
import { makeRun } from '../kit/runs.js';
import { type DatabaseKind, describeWithStores, freshAmqp, storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { rowsOf, unique } from './deployments.js';
import { type QueueServer, queueServer } from './queue-server.js';

const EXAMPLE = fileURLToPath(new URL('../../docs/examples/report-queue.mjs', import.meta.url));
const SOON = { timeout: 60_000, interval: 10 };
const NODES = ['1', '2', '3', '4', '5'];
const PUPPET = {
  sender: '5',
  statuscode: 0,
  statusmsg: 'OK',
  data: { time: { total: 1.186729217 }, changes: { total: 0 } },
};

/** A world that takes reports from queues of its own. */
class Side {
  readonly world: World;
  readonly broker: Broker;
  readonly #server: QueueServer;

  private constructor(world: World, broker: Broker) {
    this.world = world;
    this.broker = broker;
    this.#server = queueServer(world, broker);
  }

  /** What the queue counted, as `taken transactionStart`. */
  get counted(): readonly string[] {
    return this.#server.counted;
  }

  static async open(store: DatabaseKind, before: (broker: Broker) => Promise<void> = async () => {}): Promise<Side> {
    const broker = await Broker.open(freshAmqp());
    await before(broker);
    const side = new Side(await createWorld({ store }), broker);
    side.#server.queue.start();
    return side;
  }

  /** Resolves when the queue has counted so many of it. */
  async counts(what: string, times = 1): Promise<void> {
    await expect.poll(() => this.counted.filter((one) => one === what).length, SOON).toBe(times);
  }

  /** The deployment of an external id. */
  async deployment(externalId: string): Promise<{ id: string; status: string; reason: string | null }> {
    const sql = 'SELECT id, status, reason FROM transactions WHERE external_id = ?';
    const [row] = await this.world.db.reader.rows<{ id: string; status: string; reason: string | null }>(sql, [
      externalId,
    ]);
    if (!row) throw new Error(`There is no deployment ${externalId}.`);
    return row;
  }

  async close(): Promise<void> {
    await this.#server.queue.stop(10 * SECOND);
    expect(this.#server.queue.inFlight).toBe(0);
    await this.broker.close();
    await this.world.close();
  }
}

describeWithStores('reports by RabbitMQ', ['amqp'], () => {
  describe.each(storeKinds())('(%s)', (store) => {
    let side: Side;
    beforeEach(async () => {
      side = await Side.open(store);
    });
    afterEach(() => side.close());

    const now = () => new Date(side.world.clock.now()).toISOString();
    const start = (externalId: string, more: object = {}) => ({
      transactionStart: { cluster: 'lab', externalId, ...more },
    });
    const report = (externalId: string, events: readonly unknown[], reportId = unique('r')) => ({
      transactionReport: { cluster: 'lab', externalId, reportId, events },
    });

    it('tell the story of a deployment on five nodes', async () => {
      const graph = { tasks: [{ id: '34', name: 'swift-keystone', nodes: NODES }, { name: 'post_sync' }] };
      const event = (nodeId: string, status: string, more: object = {}) => ({
        graphTaskId: '34',
        nodeId,
        status,
        ...more,
      });
      const time = side.world.clock.now() / SECOND;
      await side.broker.publish([
        start('12', { name: 'deploy', graph }),
        report(
          '12',
          NODES.map((node) => event(node, 'running', { time: time - 60 })),
        ),
        report('12', [
          event('1', 'ready', { time }),
          event('2', 'error', { time, exitCode: 1, reason: 'It broke.' }),
          event('3', 'skipped', { time }),
          event('5', 'ready', { time, summary: PUPPET }),
        ]),
        { transactionEnd: { cluster: 'lab', externalId: '12', status: 'ERROR', reason: 'Node 2 failed.' } },
      ]);
      await side.counts('taken transactionEnd');
      const { id, ...ended } = await side.deployment('12');
      expect(ended).toEqual({ status: 'ERROR', reason: 'Node 2 failed.' });
      const rows = await rowsOf(side.world, id);
      expect(rows.map(({ task, node, status }) => `${task} ${node} ${status}`)).toEqual([
        '34 1 READY',
        '34 2 ERROR',
        '34 3 SKIPPED',
        '34 4 LOST',
        '34 5 READY',
        'post_sync  SKIPPED',
      ]);
      expect(rows[4]?.summary).toEqual({ value: PUPPET });
      expect(rows[4]).toMatchObject({ timeStart: (time - 60) * SECOND, timeEnd: time * SECOND, announced: true });
      const sql = "SELECT action, actor_name AS actor, via FROM activity WHERE via = 'AMQP' ORDER BY at, id";
      expect(await side.world.db.reader.rows(sql)).toEqual([
        { action: 'transactionStart', actor: 'amqp', via: 'AMQP' },
        { action: 'transactionEnd', actor: 'amqp', via: 'AMQP' },
      ]);
      const { activity } = await side.world.gql<{ activity: { nodes: unknown[] } }>(
        '{ activity(filter: { action: "transactionEnd" }) { nodes { via role actor } } }',
      );
      expect(activity.nodes).toEqual([{ via: 'AMQP', role: 'OPERATOR', actor: 'amqp' }]);
      expect(await side.broker.ready()).toEqual({ reports: 0, waiting: 0, dead: 0 });
    });

    it('change nothing when they come again', async () => {
      const story = [
        start('1'),
        report('1', [{ taskName: 'a', nodeId: '1', status: 'ready' }], 'once'),
        { transactionEnd: { cluster: 'lab', externalId: '1', status: 'READY' } },
      ];
      await side.broker.publish([...story, ...story, ...story]);
      await side.counts('taken transactionEnd', 3);
      const { id } = await side.deployment('1');
      expect(await rowsOf(side.world, id)).toHaveLength(1);
      const [events] = await side.world.db.reader.rows<{ count: number | string }>(
        'SELECT COUNT(*) AS count FROM task_events WHERE transaction_id = ?',
        [id],
      );
      expect(Number(events?.count)).toBe(1);
    });

    it('of poison lie among the dead as they came, each with its reason, and hold up nothing', async () => {
      const ctx = side.world.context(ADMIN);
      const old = { cluster: unique('old'), releaseVersion: '8.0', externalId: '1' };
      const [older, twice] = [unique('older'), unique('d')];
      await side.world.services.clusters.create(ctx, { externalId: older, releaseVersion: '8.0' });
      for (const cluster of ['lab', 'other'])
        await side.world.services.reports.start(ctx, { cluster, externalId: twice });
      const { runId } = await makeRun(side.world, 'nobody');
      const tooMany = Array.from({ length: 1_001 }, () => ({ taskName: 'a', status: 'ready' }));
      const poison: [code: string, body: unknown][] = [
        ['NOT_JSON', Buffer.from('restart node 5 \u00e9', 'latin1')],
        ['NOT_JSON', Buffer.alloc(0)],
        ['NOT_AN_OBJECT', [1]],
        ['UNKNOWN_OPERATION', { jobDelete: { id: '1' } }],
        ['INVALID_INPUT', { transactionReport: { externalId: '1' } }],
        ['INVALID_INPUT', { transactionReport: { reportId: 'r', events: [] } }],
        ['INVALID_INPUT', { transactionStart: { cluster: 'lab', externalId: '' } }],
        ['INVALID_INPUT', report(twice, tooMany)],
        ['TOO_LARGE', Buffer.alloc(16 * 1024 * 1024 + 1, ' ')],
        ['HISTORY_DISABLED', { transactionStart: old }],
        ['HISTORY_DISABLED', { transactionReport: { cluster: older, externalId: '1', reportId: 'r', events: [] } }],
        ['NOT_A_DEPLOYMENT', { transactionEnd: { transactionId: runId, status: 'READY' } }],
        ['CONFLICT', { transactionReport: { externalId: twice, reportId: 'r', events: [] } }],
      ];
      await side.broker.publish(
        poison.map(([, body]) => body),
        { messageId: 'm-1', headers: { sender: 'astute' }, correlationId: 'c' },
      );
      await side.broker.publish([start('after')]);
      await side.counts('taken transactionStart');
      const letters = await side.broker.dead(poison.length);
      const sorted = (codes: unknown[]) => codes.map(String).sort();
      expect(sorted(letters.map(({ headers }) => headers['x-orrery-code']))).toEqual(
        sorted(poison.map(([code]) => code)),
      );
      for (const { body, headers, properties } of letters) {
        expect(headers).toMatchObject({ sender: 'astute', 'x-orrery-at': now() });
        expect(String(headers['x-orrery-reason'])).toMatch(/^\w+/);
        expect(properties).toMatchObject({ messageId: 'm-1', correlationId: 'c', deliveryMode: 2 });
        const same = poison.some(([code, given]) => {
          const bytes = Buffer.isBuffer(given) ? given : Buffer.from(JSON.stringify(given));
          return code === headers['x-orrery-code'] && bytes.equals(body);
        });
        expect(same).toBe(true);
      }
      const disabled = letters.find(({ headers }) => headers['x-orrery-code'] === 'HISTORY_DISABLED');
      expect(JSON.parse(String(disabled?.headers['x-orrery-issues']))).toMatchObject([{ path: ['cluster'] }]);
    });

    it('keep the good events; the refused ones lie among the dead, and can be mended and put back', async () => {
      const later = new Date(side.world.clock.now() + 3 * 3_600 * SECOND).toISOString();
      const events = [
        { taskName: 'good', nodeId: '1', status: 'ready' },
        { taskName: 'future', nodeId: '1', status: 'ready', time: later },
        { taskName: 'odd', nodeId: '1', status: 'melted' },
        { taskName: 'large', nodeId: '1', status: 'ready', summary: 'x'.repeat(1024 * 1024) },
        'restart',
        { taskName: 'more', nodeId: '1', status: 'ready', statuz: 1 },
        { taskName: 'future too', nodeId: '1', status: 'ready', time: later },
      ];
      await side.broker.publish([start('1'), report('1', events, 'mixed')]);
      const [letter] = await side.broker.dead(1);
      await side.counts('taken transactionReport');
      const { id } = await side.deployment('1');
      expect((await rowsOf(side.world, id)).map(({ task }) => task)).toEqual(['good']);
      expect(letter?.json).toEqual({
        transactionReport: {
          externalId: '1',
          cluster: 'lab',
          reportId: expect.stringMatching(/^mixed#[0-9a-f]{16}$/),
          events: events.slice(1),
        },
      });
      expect(letter?.headers).toMatchObject({ 'x-orrery-code': 'EVENTS_REFUSED', 'x-orrery-report': 'mixed' });
      expect(letter?.headers['x-orrery-reason']).toMatch(
        /^6 of 7 events were refused: "time" is more than an hour ahead/,
      );
      const refusals = JSON.parse(String(letter?.headers['x-orrery-refusals'])) as { code: string; events: number[] }[];
      expect(refusals.map(({ code, events: places }) => [code, places])).toEqual([
        ['TIME_IN_FUTURE', [0, 5]],
        ['UNKNOWN_STATUS', [1]],
        ['TOO_LARGE', [2]],
        ['INVALID_EVENT', [3]],
        ['INVALID_EVENT', [4]],
      ]);
      expect(side.counted.filter((one) => one.startsWith('refused'))).toHaveLength(6);

      const told = letter?.json as { transactionReport: { events: unknown[] } } | undefined;
      const mended = told?.transactionReport.events.flatMap((event) =>
        typeof event === 'object' ? { ...event, time: now() } : [],
      );
      await side.broker.publish([{ transactionReport: { ...told?.transactionReport, events: mended } }]);
      const [rest] = await side.broker.dead(1);
      expect(rest?.headers['x-orrery-reason']).toMatch(/^3 of 5 events were refused/);
      expect((await rowsOf(side.world, id)).map(({ task }) => task)).toEqual(['future', 'future too', 'good']);
    });

    it('of events in the future tell of them again when they come again later, when those would be good', async () => {
      const time = new Date(side.world.clock.now() + 2 * 3_600 * SECOND).toISOString();
      const message = report('1', [{ taskName: 'a', nodeId: '1', status: 'ready', time }], 'early');
      await side.broker.publish([start('1'), message]);
      const [first] = await side.broker.dead(1);
      side.world.clock.forward(3 * 3_600 * SECOND);
      await side.broker.publish([message]);
      const [second] = await side.broker.dead(1);
      expect(second?.json).toEqual(first?.json);
    });

    it('of an unknown deployment wait for its start, and lie among the dead when it never comes', async () => {
      const event = { taskName: 'a', nodeId: '1', status: 'ready' };
      await side.broker.publish([report('late', [event]), report('never', [event], 'r-never')]);
      await expect.poll(() => side.counted.includes('later NOT_FOUND'), SOON).toBe(true);
      await side.broker.publish([start('late')]);
      await side.counts('taken transactionReport');
      const { id } = await side.deployment('late');
      expect(await rowsOf(side.world, id)).toMatchObject([{ task: 'a', status: 'READY' }]);
      const [letter] = await side.broker.dead(1);
      expect(letter?.json).toMatchObject({ transactionReport: { reportId: 'r-never' } });
      expect(letter?.headers).toMatchObject({ 'x-orrery-code': 'NOT_FOUND' });
      expect(letter?.headers['x-orrery-reason']).toContain('"never"');
      expect(letter?.headers).not.toHaveProperty('x-orrery-tries');
    });

    it('are taken in side by side, and those of one deployment in their order', async () => {
      const names = Array.from({ length: 8 }, (_one, index) => `d${index}`);
      await side.broker.publish(names.map((name) => start(name)));
      const told = Array.from({ length: 10 }, (_one, index) =>
        names.map((name) =>
          report(name, [{ taskName: `t${String(index).padStart(2, '0')}`, nodeId: '1', status: 'ready' }]),
        ),
      );
      await side.broker.publish(told.flat());
      await side.counts('taken transactionReport', 80);
      for (const name of names) {
        const { id } = await side.deployment(name);
        const rows = await side.world.db.reader.rows<{ task: string }>(
          'SELECT graph_task_id AS task FROM tasks WHERE transaction_id = ? ORDER BY number',
          [id],
        );
        expect(rows.map(({ task }) => task)).toEqual(rows.map(({ task }) => task).toSorted());
        expect(rows).toHaveLength(10);
      }
    });

    it('that only bugs keep out are tried again, and then lie among the dead', async () => {
      await side.broker.publish([start('1')]);
      await side.counts('taken transactionStart');
      await side.world.db.source.query('ALTER TABLE reports RENAME TO reports_away');
      await side.broker.publish([report('1', [{ taskName: 'a', nodeId: '1', status: 'ready' }], 'unlucky')]);
      await expect.poll(() => side.counted.includes('later INTERNAL'), SOON).toBe(true);
      await side.world.db.source.query('ALTER TABLE reports_away RENAME TO reports');
      await side.counts('taken transactionReport');
      expect(await rowsOf(side.world, (await side.deployment('1')).id)).toHaveLength(1);
    });

    it('go on after the dead queue was removed: it is made again, and no letter is lost', async () => {
      await side.broker.publish([start('1')]);
      await side.counts('taken transactionStart');
      await side.broker.removeDeadQueue();
      await side.broker.publish([[1], start('2')]);
      await side.counts('dead NOT_AN_OBJECT');
      expect(await side.broker.dead(1)).toMatchObject([{ headers: { 'x-orrery-code': 'NOT_AN_OBJECT' } }]);
      // The connection was made anew for it: what was under way on the old one may have come twice.
      await expect
        .poll(
          () =>
            side.deployment('2').then(
              ({ status }) => status,
              () => 'NONE',
            ),
          SOON,
        )
        .toBe('PENDING');
    });

    it('with headers too large to send on are buried without them; what the broker would act upon is left out', async () => {
      await side.broker.publish([[1]], { headers: { large: 'x'.repeat(65_450) } });
      const [large] = await side.broker.dead(1);
      expect(large?.headers).not.toHaveProperty('large');
      await side.broker.publish([[2]], {
        CC: [side.broker.deadQueue],
        replyTo: 'amq.rabbitmq.reply',
        expiration: 60_000,
      });
      await side.counts('dead NOT_AN_OBJECT', 2);
      const letters = await side.broker.dead(2);
      const mine = letters.find(({ headers }) => headers['x-orrery-code'] !== undefined);
      expect(mine?.properties).toMatchObject({ replyTo: undefined, expiration: undefined });
      expect(mine?.headers).not.toHaveProperty('CC');
      expect(await side.broker.ready()).toEqual({ reports: 0, waiting: 0, dead: 0 });
    });
  });

  it('are sent, looked at and put back by the example of the guide', async () => {
    const side = await Side.open('sqlite');
    const directory = await mkdtemp(join(tmpdir(), 'orrery-example-'));
    const file = join(directory, 'deployment.jsonl');
    await writeFile(file, '{"transactionStart": {"cluster": "1", "externalId": "12"}}\n[1]\n');
    const { url, queue, deadQueue } = side.broker;
    const env = { ORRERY_AMQP_URL: url, ORRERY_REPORTS_QUEUE: queue, ORRERY_REPORTS_DEAD_QUEUE: deadQueue };
    const example = (...args: string[]) => run(process.execPath, [EXAMPLE, ...args], env);
    // The server makes the queue at a moment of its own.
    await side.broker.publish([]);
    expect(example('send', file)).toMatchObject({ code: 0, err: `2 messages are in ${queue}\n` });
    await side.counts('dead NOT_AN_OBJECT');
    for (let look = 0; look < 2; look += 1) {
      const shown = example('dead');
      expect(shown).toMatchObject({ code: 0, out: '[1]\n' });
      expect(shown.err).toMatch(/^\S+Z NOT_AN_OBJECT: A message is a JSON object/);
    }
    expect(example('retry')).toMatchObject({ code: 0 });
    await side.counts('dead NOT_AN_OBJECT', 2);
    expect(example('throw').code).toBe(2);
    await side.deployment('12');
    await rm(directory, { recursive: true });
    await side.close();
  });

  it('use a dead queue as its operator made it', async () => {
    const side = await Side.open('sqlite', (broker) => broker.makeDeadQueue({ durable: true, maxLength: 1 }));
    await side.broker.publish([[1], [2]]);
    await side.counts('dead NOT_AN_OBJECT', 2);
    expect(await side.broker.ready()).toMatchObject({ dead: 1 });
    await side.close();
  });
});
