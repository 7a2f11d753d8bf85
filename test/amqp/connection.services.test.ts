import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AmqpConnection, type AmqpState } from '../../src/amqp/connection.js';
import { Publisher } from '../../src/amqp/publisher.js';
import { provideQueue } from '../../src/amqp/queues.js';
import { describeWithStores, freshAmqp } from '../kit/stores.js';
import { TcpProxy } from '../kit/tcp-proxy.js';

const SOON = { timeout: 30_000, interval: 10 };
const PATIENT = 60_000;

describeWithStores('a connection to RabbitMQ', ['amqp'], () => {
  const { url, prefix } = freshAmqp();
  let proxy: TcpProxy;
  let states: AmqpState[];
  let reasons: unknown[];

  const connectionTo = (to: string): AmqpConnection =>
    new AmqpConnection({
      url: to,
      name: 'test',
      onState: (state, reason) => {
        states.push(state);
        reasons.push(reason);
      },
    });
  const last = () => states.at(-1);

  beforeEach(async () => {
    proxy = await TcpProxy.before(url);
    states = [];
    reasons = [];
  });
  afterEach(() => proxy.close());

  it('is made anew when it is cut, and its users begin anew on it', async () => {
    const connection = connectionTo(proxy.through(url));
    let begun = 0;
    connection.use(async () => {
      begun += 1;
    });
    connection.open();
    await expect.poll(last, SOON).toBe('UP');
    proxy.cut();
    await expect.poll(last, SOON).toBe('AWAY');
    proxy.restore();
    await expect.poll(last, SOON).toBe('UP');
    proxy.reset();
    await expect.poll(() => begun, SOON).toBe(3);
    await expect.poll(last, SOON).toBe('UP');
    await connection.close(PATIENT);
    expect(connection.state).toBe('AWAY');
  });

  it('of a peer that is silent is given up by its heartbeats', async () => {
    const connection = connectionTo(`${proxy.through(url)}?heartbeat=1`);
    connection.open();
    await expect.poll(last, SOON).toBe('UP');
    proxy.trouble({ drop: true });
    await expect.poll(last, SOON).toBe('AWAY');
    proxy.restore();
    await expect.poll(last, SOON).toBe('UP');
    await connection.close(PATIENT);
  });

  it('is closed in time though nobody answers', async () => {
    const connection = connectionTo(proxy.through(url));
    connection.open();
    await expect.poll(last, SOON).toBe('UP');
    proxy.trouble({ drop: true });
    await connection.close(10);
    expect(states).not.toContain('BLOCKED');
  });

  it('is closed in time though it was never made', async () => {
    const sockets: Socket[] = [];
    const deaf: Server = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const address = deaf.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const connection = connectionTo(`amqp://127.0.0.1:${port}`);
    connection.open();
    await expect.poll(() => sockets.length, SOON).toBe(1);
    await connection.close(10);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => deaf.close(resolve));
  });

  it('that is refused tells the reason without the secret, and tries again', async () => {
    const wrong = new URL(url);
    wrong.password = 'swordfish';
    const connection = connectionTo(wrong.href);
    connection.open();
    await expect.poll(() => reasons.length, SOON).toBeGreaterThan(1);
    await connection.close(PATIENT);
    const told = reasons.map((reason) =>
      reason instanceof Error ? `${reason.message} ${reason.stack}` : String(reason),
    );
    expect(told.join()).toContain('ACCESS_REFUSED');
    expect(told.join()).not.toContain('swordfish');
    expect(new Set(states)).toEqual(new Set(['AWAY']));
  });

  it('whose user fails is made anew', async () => {
    const connection = connectionTo(url);
    let tries = 0;
    connection.use(async () => {
      tries += 1;
      if (tries < 3) throw new Error('This is no good.');
    });
    connection.open();
    await expect.poll(last, SOON).toBe('UP');
    expect(states).toEqual(['AWAY', 'AWAY', 'UP']);
    expect(reasons[0]).toMatchObject({ message: 'This is no good.' });
    await connection.close(PATIENT);
  });

  it('publishes with the confirm of the broker; without a queue it says so', async () => {
    const connection = connectionTo(url);
    const publisher = new Publisher();
    const queue = `${prefix}publisher`;
    const [body, headers] = [Buffer.from('{}'), { one: 1 }];
    await expect(publisher.publish(queue, body, {})).rejects.toThrow('RabbitMQ is away.');
    let removed: () => Promise<unknown> = async () => {};
    connection.use(async (model) => {
      await provideQueue(model, { name: queue, arguments: { 'x-max-length': 5 } });
      // It is there already, otherwise: it stays as it is.
      await provideQueue(model, { name: queue, arguments: { 'x-max-length': 6 } });
      const channel = await model.createChannel();
      removed = () => channel.deleteQueue(queue);
    });
    connection.use(publisher.attach);
    connection.open();
    await expect.poll(last, SOON).toBe('UP');
    await publisher.publish(queue, body, { headers });
    await expect(publisher.publish(`${queue}.none`, body, { headers })).rejects.toThrow('There is no queue');
    await expect(publisher.publish(queue, body, { headers: { x: 'x'.repeat(70_000) } })).rejects.toThrow(RangeError);
    await Promise.all(Array.from({ length: 20 }, () => publisher.publish(queue, body, {})));
    expect(await removed()).toEqual({ messageCount: 5 });
    await publisher.close();
    await expect(publisher.publish(queue, body, {})).rejects.toThrow('RabbitMQ is away.');
    await connection.close(PATIENT);
  });
});
