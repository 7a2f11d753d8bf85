import type { Budget, Weighed } from './queue.js';

/** The way of one subscription's results into its connection. */
export interface Outlet {
  /** What may wait for the connection, shared by its subscriptions. */
  readonly budget: Budget;
  /** Whether the connection takes more now; when not, results wait in the subscription's queue. */
  hasRoom(): boolean;
  /** Sends one result, given as the JSON text of the GraphQL response. */
  send(payload: string): void;
  /** Calls `drain` once, when there is room again. */
  onRoom(drain: () => void): void;
}

/** One result of a shared execution, serialised once for all who get it. */
export interface Delivery extends Weighed {
  readonly position: number;
  readonly payload: string;
}
