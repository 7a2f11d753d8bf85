import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FormattedExecutionResult } from 'graphql';
import type { LiveOperation } from './operation.js';
import type { Delivery } from './outlet.js';
import type { LiveStream } from './stream.js';

/** Deliveries in a row before the event loop gets its turn: some 5 ms. */
const DELIVERIES_A_TURN = 1_000;

/** Events that are executed together, so that what they need is read together. */
const RESOLVED_TOGETHER = 64;

/** A subscriber that takes part in a shared execution. */
export interface GroupMember {
  /** The next result. Must not throw and must not keep the group waiting. */
  deliver(delivery: Delivery): void;
  /** The shared execution has ended, with a last result or none. */
  end(last: FormattedExecutionResult | null): void;
}

/** One source, one execution and one serialised payload for all subscribers of the same operation with the same rights. */
export class Group {
  readonly #operation: LiveOperation;
  readonly #stream: LiveStream<unknown>;
  readonly #ending: AbortController;
  readonly #onEnd: () => void;
  readonly #members = new Set<GroupMember>();
  #delivered: number;
  #ended = false;
  #sinceTurn = 0;

  /**
   * Goes on with `stream` from where it stands, by the operation of the first member; `ending` is what ends the
   * stream, and `onEnd` is called once when the group takes nobody any more.
   */
  constructor(operation: LiveOperation, stream: LiveStream<unknown>, ending: AbortController, onEnd: () => void) {
    this.#operation = operation;
    this.#stream = stream;
    this.#ending = ending;
    this.#onEnd = onEnd;
    this.#delivered = stream.reached;
  }

  get size(): number {
    return this.#members.size;
  }

  /**
   * Everything above this position is still to be delivered: who has seen everything up to it, or further, may join
   * and leaves out what it has seen.
   */
  get delivered(): number {
    return this.#delivered;
  }

  join(member: GroupMember): void {
    this.#members.add(member);
  }

  /** The last one to leave ends the group. */
  leave(member: GroupMember): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#close(null);
  }

  /** Follows the stream to its end. Never rejects. */
  async run(): Promise<void> {
    let last: FormattedExecutionResult | null = null;
    try {
      for (let page = await this.#stream.more(); page !== null; page = await this.#stream.more()) {
        for (let from = 0; from < page.length && !this.#ended; from += RESOLVED_TOGETHER) {
          await this.#deliverAll(page.slice(from, from + RESOLVED_TOGETHER));
        }
        if (this.#ended) return;
      }
    } catch (error) {
      last = this.#operation.faultResult(error);
    }
    this.#close(last);
  }

  async #deliverAll(page: readonly unknown[]): Promise<void> {
    const results = await this.#operation.resolveAll(page, this.#ending.signal);
    for (const [index, item] of page.entries()) {
      if (this.#ended) return;
      await this.#deliver(item, JSON.stringify(results[index]));
    }
  }

  async #deliver(item: unknown, payload: string): Promise<void> {
    const { position, mergeKey } = this.#stream.factsOf(item);
    const delivery: Delivery = { position, mergeKey, payload, bytes: Buffer.byteLength(payload) };
    this.#delivered = position;
    for (const member of this.#members) member.deliver(delivery);
    await this.#breathe(this.#members.size);
  }

  /** Lets sockets be written and others be served in between. */
  async #breathe(delivered: number): Promise<void> {
    this.#sinceTurn += delivered;
    if (this.#sinceTurn < DELIVERIES_A_TURN) return;
    this.#sinceTurn = 0;
    await nextTurn();
  }

  #close(last: FormattedExecutionResult | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    this.#ending.abort();
    const members = [...this.#members];
    this.#members.clear();
    for (const member of members) member.end(last);
  }
}
