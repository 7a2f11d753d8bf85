import { randomUUID } from 'node:crypto';
import type { ChannelModel, ConfirmChannel, Message, Options } from 'amqplib';

/** What goes with a message besides its body. */
export type Envelope = Pick<
  Options.Publish,
  'contentType' | 'contentEncoding' | 'correlationId' | 'messageId' | 'type' | 'appId' | 'timestamp' | 'expiration'
> & { readonly headers?: Readonly<Record<string, unknown>> };

/** Tells a message that comes back, because its queue is gone, from the others under way. */
const ID_HEADER = 'x-orrery-id';

/** The broker did not say that it has a message: it may be there or not. */
export class NotConfirmed extends Error {}

/** Publishes to queues, and resolves when the broker has taken a message over. */
export class Publisher {
  #channel: ConfirmChannel | undefined;
  readonly #returned = new Set<string>();

  /** For the connection's users: publishes by this connection from now on. */
  readonly attach = async (model: ChannelModel): Promise<void> => {
    const channel = await model.createConfirmChannel();
    channel.on('error', () => {});
    channel.on('return', ({ properties }: Message) => this.#returned.add(String(properties.headers?.[ID_HEADER])));
    channel.once('close', () => {
      if (this.#channel === channel) this.#channel = undefined;
    });
    this.#channel = channel;
  };

  /**
   * Resolves when the broker has the message in the queue, on its disk. Throws NotConfirmed when it does not say so, and
   * RangeError for headers of more than 64 KiB.
   */
  async publish(queue: string, body: Buffer, { headers, ...envelope }: Envelope): Promise<void> {
    const channel = this.#channel;
    if (!channel) throw new NotConfirmed('RabbitMQ is away.');
    const id = randomUUID();
    const options = { ...envelope, headers: { ...headers, [ID_HEADER]: id }, persistent: true, mandatory: true };
    await new Promise<void>((resolve, reject) => {
      channel.sendToQueue(queue, body, options, (error) => {
        if (error) reject(new NotConfirmed(`"${queue}" did not take a message.`, { cause: error }));
        else resolve();
      });
    });
    if (this.#returned.delete(id)) throw new NotConfirmed(`There is no queue "${queue}".`);
  }

  /** Waits until what was published is confirmed, and ends the channel. */
  async close(): Promise<void> {
    const channel = this.#channel;
    this.#channel = undefined;
    await channel?.close().catch(() => {});
  }
}
