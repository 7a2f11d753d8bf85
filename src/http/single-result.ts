import type { FormattedExecutionResult } from 'graphql';
import { DONE, type Results } from '../live/subscription.js';
import type { PreparedOperation } from './operation.js';

/** A query's or mutation's one result as a stream, so that who asked can take the question back. */
export class SingleResult implements Results {
  readonly #operation: PreparedOperation;
  readonly #ending = new AbortController();
  #asked = false;

  constructor(operation: PreparedOperation) {
    this.#operation = operation;
  }

  async next(): Promise<IteratorResult<FormattedExecutionResult>> {
    if (this.#asked) return DONE;
    this.#asked = true;
    const value = await this.#operation.execute(this.#ending.signal);
    return this.#ending.signal.aborted ? DONE : { done: false, value };
  }

  async return(): Promise<IteratorResult<FormattedExecutionResult>> {
    this.#asked = true;
    this.#ending.abort();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
