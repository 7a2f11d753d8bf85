import type { Consumer, Delivery } from '../../amqp/consumer.js';

/** Why the consumer is held. */
const REASON = 'load';

/**
 * Bounds the bytes of the messages in work: the broker bounds their number alone. A message over the bound goes back to
 * the queue, and no more are taken until half of it is free.
 */
export class Load {
  readonly #consumer: Pick<Consumer, 'halt' | 'resume'>;
  readonly #most: number;
  #bytes = 0;
  #halted: Promise<void> | undefined;

  constructor(consumer: Pick<Consumer, 'halt' | 'resume'>, most: number) {
    this.#consumer = consumer;
    this.#most = most;
  }

  /** Whether the message may be worked on; one alone always may. Else it is given back once no more come. */
  admits(delivery: Delivery): boolean {
    const { length } = delivery.body;
    if (this.#bytes === 0 || this.#bytes + length <= this.#most) {
      this.#bytes += length;
      return true;
    }
    this.#halted ??= this.#consumer.halt(REASON).catch(() => {});
    // Without its body, which nobody may wait with: it is here again at once where more still come.
    const { giveBack } = delivery;
    void this.#halted.then(giveBack);
    return false;
  }

  /** So many bytes are worked on no more. */
  leave(length: number): void {
    this.#bytes -= length;
    const halted = this.#halted;
    if (!halted || this.#bytes > this.#most / 2) return;
    this.#halted = undefined;
    void halted.then(() => this.#consumer.resume(REASON)).catch(() => {});
  }
}
