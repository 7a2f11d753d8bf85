import { type InputIssue, InvalidInputError } from '../../lib/errors.js';
import { listItems } from '../../lib/list-items.js';
import { rfc3339Instant } from '../../lib/rfc3339.js';

const EPOCH_SECONDS = /^\d{1,10}(\.\d+)?$/;

const FLAG: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

/** What the query of a request say, each fault under the name of its parameter. */
export class RestQuery {
  readonly #values: URLSearchParams;
  readonly #issues: InputIssue[] = [];

  /** `known`: every parameter that there is; any other is a fault, since to leave a filter out would answer too much. */
  constructor(values: URLSearchParams, known: readonly string[]) {
    this.#values = values;
    const expected = known.length === 0 ? 'it takes none' : `there are ${known.join(', ')}`;
    for (const name of new Set(values.keys())) {
      if (!known.includes(name)) this.fault(name, `There is no parameter "${name.slice(0, 100)}": ${expected}.`);
    }
  }

  fault(name: string, message: string): void {
    this.#issues.push({ path: [name], message });
  }

  /** Throws InvalidInputError when anything was at fault. */
  check(): void {
    if (this.#issues.length > 0) throw new InvalidInputError(this.#issues);
  }

  /** The text of a parameter; null where it is left out. */
  text(name: string): string | null {
    const values = this.#values.getAll(name);
    if (values.length > 1) this.fault(name, `Give "${name}" once.`);
    const [value = null] = values;
    if (value === '') this.fault(name, `"${name}" is empty: leave it out, or give a value.`);
    return value;
  }

  /**
   * The values of a list: with commas between them, or by repeating the parameter; null where it is left out. A value in
   * double quotes may hold commas.
   */
  list(name: string): string[] | null {
    const given = this.#values.getAll(name);
    if (given.length === 0) return null;
    const values = given.flatMap((text) => listItems(text) ?? this.#unclosed(name));
    if (values.some((text) => text === '')) {
      this.fault(name, `"${name}" has an empty value: give values with commas between them, or leave it out.`);
    }
    return [...new Set(values)];
  }

  /** A list of words, each of which stands for some values. */
  words<T>(name: string, meaning: ReadonlyMap<string, readonly T[]>): T[] | null {
    return this.list(name)?.flatMap((word) => this.#meaning(name, word, meaning) ?? []) ?? null;
  }

  /** One of some words; null where it is left out. */
  word<T>(name: string, meaning: ReadonlyMap<string, T>): T | null {
    const word = this.text(name);
    return word === null ? null : this.#meaning(name, word, meaning);
  }

  #unclosed(name: string): string[] {
    this.fault(name, `A value in double quotes ends with one, and a comma follows, in "${name}".`);
    return [];
  }

  #meaning<T>(name: string, word: string, meaning: ReadonlyMap<string, T>): T | null {
    const found = meaning.get(word.toLowerCase());
    if (found !== undefined) return found;
    // An empty one was told of already.
    if (word !== '') {
      this.fault(name, `There is no "${word.slice(0, 40)}" for "${name}": give ${[...meaning.keys()].join(', ')}.`);
    }
    return null;
  }

  /** An instant in epoch milliseconds: RFC 3339 with an offset, or epoch seconds; null where it is left out. */
  instant(name: string): number | null {
    // A plus that was not encoded has become a space.
    const text = this.text(name)?.replace(/ (?=\d{2}:\d{2}$)/, '+');
    if (text === undefined || text === '') return null;
    const at = EPOCH_SECONDS.test(text) ? Math.round(Number(text) * 1_000) : rfc3339Instant(text);
    if (at === null) {
      this.fault(name, `"${name}" is an instant such as "2026-11-21T08:00:00Z", or epoch seconds.`);
    }
    return at;
  }

  /** `true` or `false`; false where it is left out. */
  flag(name: string): boolean {
    return this.word(name, FLAG) ?? false;
  }
}
