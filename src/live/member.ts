import type { FormattedExecutionResult } from 'graphql';
import { SlowConsumerError } from './errors.js';
import type { Group, GroupMember } from './group.js';
import type { LiveOperation } from './operation.js';
import type { Delivery, Outlet } from './outlet.js';
import { BoundedQueue } from './queue.js';
import type { LiveStream } from './stream.js';
import { DONE, type Results } from './subscription.js';

/** How a member finds the group it may take part in. */
export interface Groups {
  /**
   * The group of this key, which takes the stream over: it ends it, or goes on with it as a group made anew. Null when
   * the stream has not reached the group's position yet.
   */
  enter(key: string, operation: LiveOperation, stream: LiveStream<unknown>, ending: AbortController): Group | null;
}

/**
 * A subscriber of a shared execution. What it missed is served apart: pulled from the table and executed for it alone,
 * at the pace of its connection, as results of this iterator. Once it has caught up it joins the group, whose payloads
 * go straight into the connection; `next` then waits until the subscription ends or falls back to pulling.
 */
export class Member implements Results, GroupMember {
  readonly #key: string;
  readonly #operation: LiveOperation;
  readonly #groups: Groups;
  readonly #outlet: Outlet;
  readonly #queue: BoundedQueue<Delivery>;
  #stream: LiveStream<unknown>;
  #ending: AbortController;
  #group: Group | undefined;
  #page: readonly unknown[] = [];
  #index = 0;
  /** The position of the last result that went out. */
  #sent: number;
  #wake: (() => void) | undefined;
  #waitsForRoom = false;
  #over: { last: FormattedExecutionResult | null } | undefined;
  #returned = false;

  constructor(
    shared: { key: string; operation: LiveOperation; groups: Groups; outlet: Outlet },
    stream: LiveStream<unknown>,
    ending: AbortController,
  ) {
    this.#key = shared.key;
    this.#operation = shared.operation;
    this.#groups = shared.groups;
    this.#outlet = shared.outlet;
    this.#queue = new BoundedQueue(shared.outlet.budget);
    this.#stream = stream;
    this.#ending = ending;
    this.#sent = stream.reached;
  }

  /** Never rejects: a failure is the last result. */
  async next(): Promise<IteratorResult<FormattedExecutionResult>> {
    try {
      while (!this.#returned) {
        if (this.#group) await this.#wait();
        else if (this.#over) return this.#last(this.#over.last);
        else {
          const result = await this.#pull();
          if (result) return { done: false, value: result };
        }
      }
    } catch (error) {
      if (!this.#returned) this.#over = { last: this.#operation.faultResult(error) };
      return this.#returned ? DONE : this.next();
    }
    return DONE;
  }

  async return(): Promise<IteratorResult<FormattedExecutionResult>> {
    this.#returned = true;
    this.#leave();
    this.#queue.clear();
    this.#ending.abort();
    this.#wakeUp();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  deliver(delivery: Delivery): void {
    if (delivery.position <= this.#sent) return;
    if (this.#queue.length === 0 && this.#outlet.hasRoom()) this.#send(delivery);
    else if (this.#queue.push(delivery)) this.#askForRoom();
    else this.#overflow();
  }

  end(last: FormattedExecutionResult | null): void {
    this.#over ??= { last };
    if (this.#queue.length === 0) this.#settle();
  }

  /** The next result for this subscriber alone; null when it has caught up (it has then joined, or must pull again). */
  async #pull(): Promise<FormattedExecutionResult | null> {
    if (this.#index >= this.#page.length) {
      this.#page = (await this.#stream.pull()) ?? [];
      this.#index = 0;
    }
    const item = this.#page[this.#index];
    if (item === undefined) {
      if (!this.#returned) this.#join();
      return null;
    }
    this.#index += 1;
    const result = await this.#operation.resolve(item, this.#ending.signal);
    this.#sent = this.#stream.factsOf(item).position;
    return result;
  }

  /** Synchronous from the look at the group to the joining: nothing can be delivered in between. */
  #join(): void {
    const group = this.#groups.enter(this.#key, this.#operation, this.#stream, this.#ending);
    if (!group) return;
    // The stream is the group's now; what is kept of it makes another one.
    this.#ending = new AbortController();
    this.#sent = Math.max(this.#sent, this.#stream.reached);
    this.#group = group;
    group.join(this);
  }

  #send(delivery: Delivery): void {
    this.#sent = delivery.position;
    this.#outlet.send(delivery.payload);
  }

  #askForRoom(): void {
    if (this.#waitsForRoom) return;
    this.#waitsForRoom = true;
    this.#outlet.onRoom(() => this.#drain());
  }

  #drain(): void {
    this.#waitsForRoom = false;
    while (this.#outlet.hasRoom()) {
      const delivery = this.#queue.shift();
      if (!delivery) break;
      this.#send(delivery);
    }
    if (this.#queue.length > 0) this.#askForRoom();
    else if (this.#over) this.#settle();
  }

  #overflow(): void {
    this.#queue.clear();
    this.#leave();
    if (this.#stream.overflow === 'PULL') this.#goBack();
    else {
      const error = new SlowConsumerError(this.#stream.cursorAt(this.#sent));
      this.#over = { last: this.#operation.faultResult(error) };
    }
    this.#wakeUp();
  }

  /** From the last result that went out, pulled at the connection's pace. */
  #goBack(): void {
    this.#ending = new AbortController();
    this.#stream = this.#stream.from(this.#sent, this.#ending.signal);
    this.#page = [];
    this.#index = 0;
  }

  #leave(): void {
    this.#group?.leave(this);
    this.#group = undefined;
  }

  #settle(): void {
    this.#group = undefined;
    this.#wakeUp();
  }

  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #last(last: FormattedExecutionResult | null): IteratorResult<FormattedExecutionResult> {
    this.#returned = true;
    this.#ending.abort();
    return last ? { done: false, value: last } : DONE;
  }
}
