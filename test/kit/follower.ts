/** Follows a subscription to its end, and keeps what came. */
export class Follower<T> {
  readonly seen: T[] = [];
  /** What ended it, unless that was `stop`. */
  failure: unknown;
  readonly #end = new AbortController();
  readonly #done: Promise<void>;

  constructor(open: (signal: AbortSignal) => AsyncIterable<T>) {
    this.#done = this.#follow(open(this.#end.signal));
  }

  async #follow(stream: AsyncIterable<T>): Promise<void> {
    try {
      for await (const item of stream) this.seen.push(item);
    } catch (error) {
      this.failure = error;
    }
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#done;
  }
}
