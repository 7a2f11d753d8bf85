import type { DocumentNode, FormattedExecutionResult, GraphQLSchema } from 'graphql';

/**
 * A subscription that was parsed, validated and let through by the limits. Its results are as they leave the server:
 * errors are masked and plain.
 */
export interface LiveOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  /** The same for the same text. */
  readonly documentHash: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Callers with the same key see the same (`Actor.rightsKey`). */
  readonly rightsKey: string;
  /** The source stream, as the root field's `subscribe` gives it (the very object); or why there is none. */
  open(signal: AbortSignal): Promise<AsyncIterable<unknown> | FormattedExecutionResult>;
  /** Executes the operation for one event of the source, with a context of its own (fresh loaders, rights asked anew). */
  resolve(event: unknown, signal: AbortSignal): Promise<FormattedExecutionResult>;
  /** The same for several events that were read together, with one context: what they need is read together too. */
  resolveAll(events: readonly unknown[], signal: AbortSignal): Promise<FormattedExecutionResult[]>;
  /** What a subscriber is told of a failure of the source. */
  faultResult(error: unknown): FormattedExecutionResult;
}
