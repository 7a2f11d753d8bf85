import type { FormattedExecutionResult } from 'graphql';
import type { LiveOperation } from './operation.js';

/** The results of a subscription, as a transport takes them one by one. */
export type Results = AsyncIterableIterator<FormattedExecutionResult>;

export const DONE: IteratorResult<FormattedExecutionResult> = { done: true, value: undefined };

/** A subscription of its own: each event of the source is executed when the transport asks for the next result. */
export class OwnSubscription implements Results {
  readonly #operation: LiveOperation;
  readonly #source: AsyncIterator<unknown>;
  readonly #ending: AbortController;
  #ended = false;

  constructor(operation: LiveOperation, source: AsyncIterable<unknown>, ending: AbortController) {
    this.#operation = operation;
    this.#source = source[Symbol.asyncIterator]();
    this.#ending = ending;
  }

  /** Never rejects: a failure of the source is the last result. */
  async next(): Promise<IteratorResult<FormattedExecutionResult>> {
    if (this.#ended) return DONE;
    try {
      const event = await this.#source.next();
      if (event.done || this.#ended) return this.return();
      return { done: false, value: await this.#operation.resolve(event.value, this.#ending.signal) };
    } catch (error) {
      if (this.#ended) return DONE;
      await this.return();
      return { done: false, value: this.#operation.faultResult(error) };
    }
  }

  async return(): Promise<IteratorResult<FormattedExecutionResult>> {
    if (this.#ended) return DONE;
    this.#ended = true;
    this.#ending.abort();
    await this.#source.return?.();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
