/** What a bounded queue must know of its items. */
export interface Weighed {
  readonly bytes: number;
  /** Items with the same key are states of one subject: only the latest counts. Null: each one counts. */
  readonly mergeKey: string | null;
}

/** A number of bytes that several queues share (those of one connection). */
export class Budget {
  readonly limit: number;
  used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }
}

/** A queue bounded by bytes. What does not fit is merged where its keys allow. */
export class BoundedQueue<T extends Weighed> {
  readonly #budget: Budget;
  #items: T[] = [];
  #first = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get length(): number {
    return this.#items.length - this.#first;
  }

  /**
   * Adds an item; false (and nothing added) when it does not fit even after merging. A single item always fits into
   * an empty queue, so that one larger than the budget does not stop a reader that keeps up.
   */
  push(item: T): boolean {
    if (!this.#fits(item)) this.#merge(item.mergeKey);
    if (!this.#fits(item)) return false;
    this.#items.push(item);
    this.#budget.used += item.bytes;
    return true;
  }

  shift(): T | undefined {
    const item = this.#items[this.#first];
    if (item === undefined) return undefined;
    this.#first += 1;
    this.#budget.used -= item.bytes;
    if (this.#first > 64 && this.#first * 2 > this.#items.length) this.#compact();
    return item;
  }

  /** Takes everything. */
  drain(): T[] {
    const items = this.#items.slice(this.#first);
    this.clear();
    return items;
  }

  clear(): void {
    for (let index = this.#first; index < this.#items.length; index += 1) {
      this.#budget.used -= this.#items[index]?.bytes ?? 0;
    }
    this.#items = [];
    this.#first = 0;
  }

  #fits(item: T): boolean {
    return this.length === 0 || this.#budget.used + item.bytes <= this.#budget.limit;
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#first);
    this.#first = 0;
  }

  /** Keeps the latest item of each key; those of `coming` go too, for the item to be added is later. */
  #merge(coming: string | null): void {
    const seen = new Set<string>(coming === null ? [] : [coming]);
    const kept: T[] = [];
    for (const item of this.#items.slice(this.#first).reverse()) {
      if (item.mergeKey !== null && seen.has(item.mergeKey)) {
        this.#budget.used -= item.bytes;
        continue;
      }
      if (item.mergeKey !== null) seen.add(item.mergeKey);
      kept.push(item);
    }
    this.#items = kept.reverse();
    this.#first = 0;
  }
}
