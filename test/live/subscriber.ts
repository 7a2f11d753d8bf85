import type { FormattedExecutionResult } from 'graphql';
import type { Executions } from '../../src/live/executions.js';
import type { LiveOperation } from '../../src/live/operation.js';
import type { Outlet } from '../../src/live/outlet.js';
import { Budget } from '../../src/live/queue.js';
import type { Results } from '../../src/live/subscription.js';

/** A connection with one subscription, as a test holds it: it can be stalled and let go. */
export class Subscriber implements Outlet {
  readonly budget: Budget;
  /** Everything that came, in order. */
  readonly results: FormattedExecutionResult[] = [];
  /** The payloads that came by a shared execution: the very strings. */
  readonly shared: string[] = [];
  ended = false;
  /** Called with each result. */
  onResult: (result: FormattedExecutionResult) => void = () => {};
  /** The most bytes that waited for this connection. */
  peak = 0;
  #stalled = false;
  #drains: (() => void)[] = [];
  #waiting: { ready: () => boolean; resolve: () => void }[] = [];
  #goOn: (() => void) | undefined;
  #results: Results | undefined;

  constructor(budget = 1_048_576) {
    this.budget = new Budget(budget);
  }

  async start(executions: Executions, operation: LiveOperation): Promise<this> {
    const results = await executions.subscribe(operation, this);
    if (!(Symbol.asyncIterator in results)) {
      this.#take(results);
      this.ended = true;
      return this;
    }
    this.#results = results;
    void this.#run(results);
    return this;
  }

  async #run(results: Results): Promise<void> {
    for await (const result of results) {
      this.#take(result);
      await this.#unstalled();
    }
    this.ended = true;
    this.#check();
  }

  stall(): void {
    this.#stalled = true;
  }

  letGo(): void {
    this.#stalled = false;
    this.#goOn?.();
    for (const drain of this.#drains.splice(0)) drain();
  }

  /** Resolves once this many results have come. */
  async until(count: number): Promise<this> {
    await this.#when(() => this.results.length >= count);
    return this;
  }

  async untilEnded(): Promise<this> {
    await this.#when(() => this.ended);
    return this;
  }

  async leave(): Promise<void> {
    await this.#results?.return?.();
  }

  /** One field of the root field's object in each result. */
  values(root: string, field: string): unknown[] {
    return this.results.map((result) => {
      const object = result.data?.[root];
      return typeof object === 'object' && object !== null ? Reflect.get(object, field) : undefined;
    });
  }

  hasRoom(): boolean {
    this.peak = Math.max(this.peak, this.budget.used);
    return !this.#stalled;
  }

  send(payload: string): void {
    this.shared.push(payload);
    this.#take(JSON.parse(payload));
  }

  onRoom(drain: () => void): void {
    this.#drains.push(drain);
  }

  #take(result: FormattedExecutionResult): void {
    this.results.push(result);
    this.onResult(result);
    this.#check();
  }

  async #unstalled(): Promise<void> {
    if (!this.#stalled) return;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
  }

  async #when(ready: () => boolean): Promise<void> {
    if (ready()) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ ready, resolve });
    });
  }

  #check(): void {
    const waiting = this.#waiting.splice(0);
    for (const wait of waiting) {
      if (wait.ready()) wait.resolve();
      else this.#waiting.push(wait);
    }
  }
}
