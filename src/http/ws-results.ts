import { type ExecutionResult, type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Results } from '../live/subscription.js';

/** An error as it leaves the server, in the clothes that graphql-ws wants. */
export class ShownError extends GraphQLError {
  readonly #shown: GraphQLFormattedError;

  constructor(shown: GraphQLFormattedError) {
    super(shown.message);
    this.#shown = shown;
  }

  override toJSON(): GraphQLFormattedError {
    return this.#shown;
  }
}

/** A plain result as graphql-ws takes it; what it sends is the same. */
export function forGraphqlWs({ errors, ...rest }: FormattedExecutionResult): ExecutionResult {
  return errors ? { ...rest, errors: errors.map((error) => new ShownError(error)) } : rest;
}

/** Plain results as graphql-ws takes them. */
export class WsResults implements AsyncIterableIterator<ExecutionResult> {
  readonly #results: Results;

  constructor(results: Results) {
    this.#results = results;
  }

  async next(): Promise<IteratorResult<ExecutionResult>> {
    const next = await this.#results.next();
    return next.done ? next : { done: false, value: forGraphqlWs(next.value) };
  }

  async return(): Promise<IteratorResult<ExecutionResult>> {
    await this.#results.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
