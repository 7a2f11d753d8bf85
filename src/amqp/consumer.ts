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

const NOTHING = Buffer.alloc(0);

/** Takes the messages of one queue, and can be halted. */
export class Consumer {
  readonly #options: ConsumerOptions;
  #channel: Channel | undefined;
  #tag: string | undefined;
  /** Why no messages are taken; nothing: they are. */
  readonly #holds = new Set<string>();
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

  /** Takes no messages until `resume` for the same reason; those that were delivered before stay with their takers. */
  async halt(reason: string): Promise<void> {
    this.#holds.add(reason);
    await this.#settle();
  }

  /** Takes messages again, unless there is another reason not to. */
  async resume(reason: string): Promise<void> {
    this.#holds.delete(reason);
    await this.#settle();
  }

  /** Takes no more messages; what is not acknowledged by now is delivered again, to others. */
  async close(): Promise<void> {
    await this.halt('closed');
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
    const isHeld = this.#holds.size > 0;
    if (isHeld && this.#tag !== undefined) {
      const tag = this.#tag;
      this.#tag = undefined;
      await channel.cancel(tag);
    } else if (!isHeld && this.#tag === undefined) {
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
    // An answer names the message alone: who waits to give it back need not hold its body.
    const receipt = { ...message, content: NOTHING };
    this.#options.take({
      body: message.content,
      properties: message.properties,
      redelivered: message.fields.redelivered,
      isOpen,
      acknowledge: () => answer(() => channel.ack(receipt)),
      giveBack: () => void answer(() => channel.nack(receipt, false, true)),
    });
  }
}
