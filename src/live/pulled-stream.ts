import type { Doorbell } from '../events/doorbell/doorbell.js';
import { LiveStream } from './stream.js';

export interface PulledStreamOptions {
  readonly doorbell: Doorbell;
  /** What is rung when the table has more, and when the stream has ended. */
  readonly channels: readonly string[];
  readonly signal: AbortSignal;
}

/** A stream of one subject's own table. Always pulled from it: the reader sets the pace. */
export abstract class PulledStream<E> extends LiveStream<E> {
  readonly overflow = 'PULL';
  readonly #doorbell: Doorbell;
  readonly #channels: readonly string[];
  #reached: number;
  #stopListening: readonly (() => void)[] | undefined;
  #rung = false;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor({ doorbell, channels, signal }: PulledStreamOptions, after: number) {
    super();
    this.#doorbell = doorbell;
    this.#channels = channels;
    this.#reached = after;
    if (signal.aborted) this.close();
    else signal.addEventListener('abort', () => this.close(), { once: true });
  }

  /** The next items above a position, as many as are read at once. Empty: nothing more is there now. */
  protected abstract read(after: number): Promise<readonly E[]>;

  /** Whether nothing will be added to what the table holds now. */
  protected abstract hasEnded(): Promise<boolean>;

  get reached(): number {
    return this.#reached;
  }

  async pull(): Promise<readonly E[] | null> {
    const page = await this.read(this.#reached);
    const last = page.at(-1);
    if (last === undefined || this.#closed) return null;
    this.#reached = this.factsOf(last).position;
    return page;
  }

  async more(): Promise<readonly E[] | null> {
    // Listening comes before the first look at the table, so no ring after that look is missed.
    this.#listen();
    while (!this.#closed) {
      this.#rung = false;
      const page = await this.pull();
      if (page) return page;
      // What is not there on a look after the end never will be.
      if (await this.hasEnded()) return await this.pull();
      await this.#ring();
    }
    return null;
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stopListening ?? []) stop();
    this.#wake?.();
  }

  #listen(): void {
    if (this.#stopListening || this.#closed) return;
    const look = (): void => {
      this.#rung = true;
      this.#wake?.();
    };
    this.#stopListening = this.#channels.map((channel) => this.#doorbell.listen(channel, look));
  }

  async #ring(): Promise<void> {
    if (this.#rung || this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
