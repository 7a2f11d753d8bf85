import { type Channel, type ChannelModel, type ConsumeMessage, IllegalOperationError } from 'amqplib';

/** A message that was delivered; it stays the broker's until it is acknowledged. */
export interface Delivery {
  readonly body: Buffer;
  readonly properties: ConsumeMessage['properties'];
  /** Whether it was delivered before, to somebody who did not acknowledge it. */
  readonly redelivered: boolean;
  /** Whether the connection it came by is still there; else it is delivered again. */
  readonly isOpen: () => boolean;
  /** Tells the broker to forget it; false when it is too late for that, and it is delivered again. */
  readonly acknowledge: () => boolean;
  /** Gives it back, to be delivered again. */
  readonly giveBack: () => void;
}

export interface ConsumerOptions {
  readonly queue: string;
  /** How many messages are delivered ahead of their acknowledgement. */
  readonly prefetch: number;
  /** Called with each message. Must not throw. */
  readonly take: (delivery: Delivery) => void;
  /** Called when the broker ended the consumption (the queue was deleted). */
  readonly onCancelled: () => void;
}

/** Takes the messages of one queue, and can be halted. */
export class Consumer {
  readonly #options: ConsumerOptions;
  #channel: Channel | undefined;
  #tag: string | undefined;
  #halted = false;
  /** What is asked of the channel, one thing after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: ConsumerOptions) {
    this.#options = options;
  }

  /** For the connection's users: takes messages by this connection from now on. */
  readonly attach = async (model: ChannelModel): Promise<void> => {
    const channel = await model.createChannel();
    channel.on('error', () => {});
    channel.once('close', () => {
      if (this.#channel !== channel) return;
      this.#channel = undefined;
      this.#options.onCancelled();
    });
    await channel.prefetch(this.#options.prefetch);
    this.#channel = channel;
    this.#tag = undefined;
    await this.#settle();
  };

  /** Takes no messages until `resume`; those that were delivered before stay with their takers. */
  async halt(): Promise<void> {
    this.#halted = true;
    await this.#settle();
  }

  async resume(): Promise<void> {
    this.#halted = false;
    await this.#settle();
  }

  /** Takes no more messages; what is not acknowledged by now is delivered again, to others. */
  async close(): Promise<void> {
    await this.halt();
    const channel = this.#channel;
    this.#channel = undefined;
    await channel?.close().catch(() => {});
  }

  /** Brings the channel to what is wanted. */
  #settle(): Promise<void> {
    const settled = this.#last.then(() => this.#bring());
    this.#last = settled.catch(() => {});
    return settled;
  }

  async #bring(): Promise<void> {
    const channel = this.#channel;
    if (!channel) return;
    if (this.#halted && this.#tag !== undefined) {
      const tag = this.#tag;
      this.#tag = undefined;
      await channel.cancel(tag);
    } else if (!this.#halted && this.#tag === undefined) {
      const { queue } = this.#options;
      const { consumerTag } = await channel.consume(queue, (message) => this.#deliver(channel, message));
      this.#tag = consumerTag;
    }
  }

  #deliver(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) {
      this.#options.onCancelled();
      return;
    }
    const isOpen = (): boolean => this.#channel === channel;
    // An answer that comes too late for its channel is none: the broker delivers the message again.
    const answer = (say: () => void): boolean => {
      try {
        if (isOpen()) say();
        return isOpen();
      } catch (error) {
        if (!(error instanceof IllegalOperationError)) throw error;
        return false;
      }
    };
    this.#options.take({
      body: message.content,
      properties: message.properties,
      redelivered: message.fields.redelivered,
      isOpen,
      acknowledge: () => answer(() => channel.ack(message)),
      giveBack: () => void answer(() => channel.nack(message, false, true)),
    });
  }
}
