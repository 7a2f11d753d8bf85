/** Values of which the least is always at hand: a binary heap. `compare` is below zero where `a` comes before `b`. */
export class Heap<T> {
  readonly #values: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  /** The least value, which stays; undefined when there is none. */
  get least(): T | undefined {
    return this.#values[0];
  }

  add(value: T): void {
    let at = this.#values.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfLess(at, parent)) return;
      at = parent;
    }
  }

  /** Takes the least value away; undefined when there is none. */
  take(): T | undefined {
    const least = this.#values[0];
    const last = this.#values.pop();
    if (last === undefined || this.#values.length === 0) return least;
    this.#values[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [this.#values[left], this.#values[left + 1]];
      if (a === undefined) return least;
      const child = b !== undefined && this.#compare(b, a) < 0 ? left + 1 : left;
      if (!this.#swapIfLess(child, at)) return least;
      at = child;
    }
  }

  #swapIfLess(lower: number, upper: number): boolean {
    const [a, b] = [this.#values[lower], this.#values[upper]];
    if (a === undefined || b === undefined || this.#compare(a, b) >= 0) return false;
    this.#values[lower] = b;
    this.#values[upper] = a;
    return true;
  }
}
