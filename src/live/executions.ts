import type { FormattedExecutionResult } from 'graphql';
import { Group } from './group.js';
import { type Groups, Member } from './member.js';
import type { LiveOperation } from './operation.js';
import type { Outlet } from './outlet.js';
import { sharingKey } from './sharing.js';
import { LiveStream } from './stream.js';
import { OwnSubscription, type Results } from './subscription.js';

/** How much the process shares, for the metrics. */
interface ExecutionCounts {
  /** Executions that follow a source together. */
  groups: number;
  /** The subscribers that take part in them. */
  members: number;
}

/** The subscriptions of a process. */
export interface Executions {
  /**
   * Starts a subscription: its results, or why there are none. Results of a shared execution go straight into the
   * outlet; the others, and the last one, are the iterator's. The iterator's `return` ends it.
   */
  subscribe(operation: LiveOperation, outlet: Outlet): Promise<Results | FormattedExecutionResult>;
  counts(): ExecutionCounts;
}

class SharedExecutions implements Executions, Groups {
  readonly #groups = new Map<string, Group>();

  async subscribe(operation: LiveOperation, outlet: Outlet): Promise<Results | FormattedExecutionResult> {
    const ending = new AbortController();
    // GraphQL lets a failure pass that has a path of its own (as our expected errors have), unwrapped.
    const source = await operation.open(ending.signal).catch((error: unknown) => operation.faultResult(error));
    if (!(Symbol.asyncIterator in source)) return source;
    const key = source instanceof LiveStream ? sharingKey(operation) : null;
    if (key === null || !(source instanceof LiveStream)) return new OwnSubscription(operation, source, ending);
    return new Member({ key, operation, groups: this, outlet }, source, ending);
  }

  enter(key: string, operation: LiveOperation, stream: LiveStream<unknown>, ending: AbortController): Group | null {
    const existing = this.#groups.get(key);
    if (existing) {
      if (stream.reached < existing.delivered) return null;
      ending.abort();
      return existing;
    }
    const group = new Group(operation, stream, ending, () => {
      if (this.#groups.get(key) === group) this.#groups.delete(key);
    });
    this.#groups.set(key, group);
    void group.run();
    return group;
  }

  counts(): ExecutionCounts {
    const members = [...this.#groups.values()].reduce((sum, group) => sum + group.size, 0);
    return { groups: this.#groups.size, members };
  }
}

export function createExecutions(): Executions {
  return new SharedExecutions();
}
