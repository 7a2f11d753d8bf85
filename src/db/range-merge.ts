import { compareKeys, type Key } from './index-range.js';

/** A part that is to be read next: so many keys of a range, after a place. */
export interface Want {
  /** The number of the range. */
  readonly range: number;
  readonly from: Key | null;
  readonly limit: number;
}

/** What is known of one range. */
interface Known {
  readonly weight: number;
  last: Key | null;
  /** How many were asked for at last. */
  asked: number;
  /** Whether it may have more than is known. */
  open: boolean;
}

/**
 * As many keys as so many pages have are put together by the database with their rows, by one statement that reads each
 * key twice: what is read too much costs less than a second statement.
 */
export const AT_ONCE = 3;
/** So few ranges are read at once in any case, the others than rare ones to the full. */
const FEW = 7;
/** What is read at least of a rare range of more. */
const LEAST = 4;
/** Of more ranges, as many keys as this many pages are read at once, by their weights. */
const READ_AHEAD = 4;
/** What a range weighs where rows are expected, against a rare one. */
const WEIGHT = 4;

/**
 * The first `size` keys of several sorted ranges, which are read only as far as they are needed: a lazy k-way merge
 * (Knuth, The Art of Computer Programming 3, 5.4.1), in rounds, since each read is a statement. A range that may have
 * more is read on only while its last known key comes before the `size`th of all that are known.
 */
export class RangeMerge {
  readonly #size: number;
  readonly #sign: 1 | -1;
  readonly #ranges: Known[];
  #keys: Key[] = [];

  /** `rare`: of each range, whether few rows are expected in it; `from`: the place after which each range begins. */
  constructor(rare: readonly boolean[], size: number, descending: boolean, from: Key | null) {
    this.#size = size;
    this.#sign = descending ? -1 : 1;
    this.#ranges = rare.map((few) => ({ weight: few ? 1 : WEIGHT, last: from, asked: 0, open: true }));
  }

  /** The first keys, as far as they are known; with nothing wanted any more, all there are up to `size`. */
  get keys(): readonly Key[] {
    return this.#keys;
  }

  /** What must be read before the first `size` keys are known. */
  wants(): Want[] {
    const size = this.#size;
    const bound = this.#keys[size - 1];
    const share = this.#shareAtOnce();
    const open = [...this.#ranges.entries()].filter(([, { last, asked, open }]) => {
      return open && (asked === 0 || !bound || last === null || this.#before(last, bound));
    });
    const weight = open.reduce((sum, [, known]) => sum + known.weight, 0);
    return open.map(([range, known]) => {
      const limit = known.asked === 0 ? this.#first(known, share, weight) : this.#further(known, open.length);
      return { range, from: known.last, limit };
    });
  }

  /** Takes in what came of some wants, by their numbers. */
  took(answers: readonly { want: Want; keys: readonly Key[] }[]): void {
    const all = [...this.#keys];
    for (const { want, keys } of answers) {
      const known = this.#ranges[want.range];
      if (!known) continue;
      known.asked = want.limit;
      known.open = keys.length >= want.limit;
      for (const key of keys) {
        if (known.last === null || this.#before(known.last, key)) known.last = key;
        all.push(key);
      }
    }
    // Each range comes sorted as a rule, and a sort that merges runs makes little of that.
    this.#keys = all.sort((a, b) => this.#sign * compareKeys(a, b)).slice(0, this.#size);
  }

  #before(a: Key, b: Key): boolean {
    return this.#sign * compareKeys(a, b) < 0;
  }

  /** What is read of each rare range where the others are read to the full; null where that is too much at once. */
  #shareAtOnce(): number | null {
    const part = Math.ceil(this.#size / WEIGHT);
    if (this.#ranges.length <= FEW) return part;
    const rare = this.#ranges.filter(({ weight }) => weight < WEIGHT).length;
    const rest = (AT_ONCE - (this.#ranges.length - rare)) * this.#size;
    const share = Math.min(part, Math.floor(rest / rare));
    return share < LEAST ? null : share;
  }

  #first({ weight }: Known, share: number | null, weights: number): number {
    const size = this.#size;
    if (share !== null) return weight < WEIGHT ? share : size;
    return Math.min(size, Math.ceil((READ_AHEAD * weight * size) / weights));
  }

  #further({ last, asked }: Known, open: number): number {
    const size = this.#size;
    // What is known up to its last key comes before all that it may still have.
    const sure = last === null ? 0 : this.#keys.filter((key) => !this.#before(last, key)).length;
    return Math.min(size - sure, Math.max(2 * asked, Math.ceil((2 * (size - sure)) / open)));
  }
}
