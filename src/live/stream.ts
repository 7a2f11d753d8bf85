/** One item of a stream, as a delivery needs it beside its content. */
export interface ItemFacts {
  /** Rises from item to item. */
  readonly position: number;
  /** Items with the same key are states of one subject: the latest is enough. Null: each one counts. */
  readonly mergeKey: string | null;
}

/**
 * A stream whose truth is a table: what was missed is pulled from it, then the stream is followed live. A consumer
 * either iterates it (missed items first, then live ones, without gap or duplicate), or pulls what was missed by
 * itself and joins someone else's live stream at a position.
 */
export abstract class LiveStream<E> implements AsyncIterable<E> {
  /**
   * What becomes of a reader that does not keep up. END: its items are merged where they may be, else it ends with
   * SLOW_CONSUMER. PULL: it goes back to pulling from the table.
   */
  abstract readonly overflow: 'END' | 'PULL';

  /** Everything up to this position was given out, or is not for this consumer. */
  abstract get reached(): number;

  /**
   * The next items that stand in the table above `reached`; null when there is none now. Throws InvalidInputError
   * for a cursor that is none, ResyncRequiredError for one that is not within what is kept.
   */
  abstract pull(): Promise<readonly E[] | null>;

  /**
   * The next items, waiting until there are some; null when the stream has ended. Throws like `pull`, and
   * SlowConsumerError.
   */
  abstract more(): Promise<readonly E[] | null>;

  abstract factsOf(item: E): ItemFacts;

  /** The cursor from which a consumer that has seen this position resumes. */
  abstract cursorAt(position: number): string;

  /** The same stream again, above a position; it ends with the signal. */
  abstract from(position: number, signal: AbortSignal): LiveStream<E>;

  /** Ends the stream: whoever waits for more gets null. */
  abstract close(): void;

  [Symbol.asyncIterator](): AsyncIterableIterator<E> {
    return new StreamIterator(this);
  }
}

/**
 * Iterates a stream item by item. Not a generator: its `return` must end a `next` that waits, where a generator's
 * would wait for it.
 */
class StreamIterator<E> implements AsyncIterableIterator<E> {
  readonly #stream: LiveStream<E>;
  #page: readonly E[] = [];
  #index = 0;

  constructor(stream: LiveStream<E>) {
    this.#stream = stream;
  }

  async next(): Promise<IteratorResult<E>> {
    if (this.#index >= this.#page.length) {
      this.#page = (await this.#stream.more()) ?? [];
      this.#index = 0;
    }
    const item = this.#page[this.#index];
    if (item === undefined) return { done: true, value: undefined };
    this.#index += 1;
    return { done: false, value: item };
  }

  async return(): Promise<IteratorResult<E>> {
    this.#page = [];
    this.#stream.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
