import { type ConfirmChannel, connect, type GetMessage, type Options, type RecoveringChannelModel } from 'amqplib';
import { expect } from 'vitest';

/** A message among the dead. */
export interface DeadLetter {
  readonly body: Buffer;
  /** The body as JSON. */
  readonly json: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: GetMessage['properties'];
}

const SOON = { timeout: 60_000, interval: 20 };

function letterOf({ content, properties }: GetMessage): DeadLetter {
  return {
    body: content,
    get json() {
      return JSON.parse(content.toString()) as unknown;
    },
    headers: { ...properties.headers },
    properties,
  };
}

/** What a reporter and an operator do at RabbitMQ, on queues of the test's own. It survives the broker's restart. */
export class Broker {
  readonly queue: string;
  readonly deadQueue: string;
  readonly url: string;
  readonly #model: RecoveringChannelModel;

  private constructor(url: string, prefix: string, model: RecoveringChannelModel) {
    this.url = url;
    this.queue = `${prefix}reports`;
    this.deadQueue = `${prefix}reports.dead`;
    this.#model = model;
  }

  static async open({ url, prefix }: { url: string; prefix: string }): Promise<Broker> {
    const model = await connect(url, { recovery: { initialDelay: 50, maxDelay: 200 } });
    model.on('error', () => {});
    return new Broker(url, prefix, model);
  }

  /** The settings of a server that takes reports from these queues. */
  get settings() {
    return {
      amqpUrl: this.url,
      reportsQueue: this.queue,
      reportsDeadQueue: this.deadQueue,
      reportsRetryDelay: '200ms',
    };
  }

  /** Publishes bodies, JSON but for Buffers, to the queue of reports; resolves when the broker has them all. */
  async publish(bodies: readonly unknown[], options: Options.Publish = {}): Promise<void> {
    await this.#withChannel(async (channel) => {
      await channel.assertQueue(this.queue, { durable: true });
      for (const body of bodies) {
        const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
        channel.sendToQueue(this.queue, content, { persistent: true, contentType: 'application/json', ...options });
      }
      await channel.waitForConfirms();
    });
  }

  /** Takes so many messages out of the dead queue, once they are there. */
  async dead(count: number): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    // A server makes its queues at a moment of its own, and a channel ends with a queue that is not there.
    await expect.poll(() => this.#isThere(this.deadQueue), SOON).toBe(true);
    await this.#withChannel(async (channel) => {
      const take = async (): Promise<number> => {
        const message = await channel.get(this.deadQueue, { noAck: true });
        if (message) letters.push(letterOf(message));
        return letters.length;
      };
      await expect.poll(take, SOON).toBe(count);
    });
    return letters;
  }

  /** How many messages wait in each queue, to be delivered. */
  async ready(): Promise<{ reports: number; waiting: number; dead: number }> {
    let counts = { reports: 0, waiting: 0, dead: 0 };
    await this.#withChannel(async (channel) => {
      const count = async (queue: string) => (await channel.checkQueue(queue)).messageCount;
      counts = {
        reports: await count(this.queue),
        waiting: await count(`${this.queue}.wait`),
        dead: await count(this.deadQueue),
      };
    });
    return counts;
  }

  /** Makes the dead queue before a server does. */
  async makeDeadQueue(options: Options.AssertQueue): Promise<void> {
    await this.#withChannel((channel) => channel.assertQueue(this.deadQueue, options));
  }

  async removeDeadQueue(): Promise<void> {
    await this.#withChannel((channel) => channel.deleteQueue(this.deadQueue));
  }

  /** Removes the queues. */
  async close(): Promise<void> {
    for (const queue of [this.queue, `${this.queue}.wait`, this.deadQueue]) {
      await this.#withChannel((channel) => channel.deleteQueue(queue));
    }
    await this.#model.close();
  }

  async #isThere(queue: string): Promise<boolean> {
    try {
      await this.#withChannel((channel) => channel.checkQueue(queue));
      return true;
    } catch {
      return false;
    }
  }

  async #withChannel(work: (channel: ConfirmChannel) => Promise<unknown>): Promise<void> {
    const channel = await this.#model.createConfirmChannel();
    channel.on('error', () => {});
    await work(channel);
    await channel.close();
  }
}
