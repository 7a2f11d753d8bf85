import type { InputIssue } from '../../lib/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../lib/json.js';

type Path = readonly (string | number)[];

/** The most faults that are named of one input. */
const MOST_ISSUES = 100;

const idOf = (value: JsonValue): string | undefined =>
  Number.isSafeInteger(value) || typeof value === 'string' ? String(value) : undefined;

/**
 * Reads the fields of one JSON object as GraphQL takes them (null is left out, an id may be a whole number), and notes
 * what is wrong by its place. What is at fault reads as left out.
 */
export class InputReader {
  readonly #value: JsonObject;
  readonly #path: Path;
  readonly #issues: InputIssue[];

  constructor(value: JsonObject, path: Path, issues: InputIssue[]) {
    this.#value = value;
    this.#path = path;
    this.#issues = issues;
  }

  /** Notes each field that is not among these. */
  refuseOthers(known: readonly string[]): void {
    for (const field of Object.keys(this.#value)) {
      if (!known.includes(field)) this.#note([field], `There is no such field; there are ${known.join(', ')}.`);
    }
  }

  text(field: string): string | null {
    return this.#read(field, 'a text', (value) => (typeof value === 'string' ? value : undefined));
  }

  id(field: string): string | null {
    return this.#read(field, 'a text or a whole number', idOf);
  }

  whole(field: string): number | null {
    return this.#read(field, 'a whole number', (value) =>
      typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined,
    );
  }

  flag(field: string): boolean | null {
    return this.#read(field, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  choice<T extends string>(field: string, choices: readonly T[]): T | null {
    return this.#read(field, `one of ${choices.join(', ')}`, (value) => choices.find((choice) => choice === value));
  }

  object(field: string): JsonObject | null {
    return this.#read(field, 'an object', (value) => (isJsonObject(value) ? value : undefined));
  }

  list(field: string): JsonValue[] | null {
    return this.#read(field, 'a list', (value) => (Array.isArray(value) ? value : undefined));
  }

  /** A list of ids. */
  ids(field: string): string[] | null {
    const list = this.list(field);
    return (
      list?.flatMap((value, index) => {
        const id = idOf(value);
        if (id !== undefined) return [id];
        this.#note([field, index], 'This is a text or a whole number.');
        return [];
      }) ?? null
    );
  }

  /** Whatever it is. */
  any(field: string): JsonValue | undefined {
    return this.#own(field);
  }

  /** A reader of an object within this one; null, and noted, where it is none. */
  within(value: JsonValue, ...path: Path): InputReader | null {
    if (isJsonObject(value)) return new InputReader(value, [...this.#path, ...path], this.#issues);
    this.#note(path, 'This is an object.');
    return null;
  }

  /** The value of a field that must be there; `fallback`, which nobody sees, where it is not. */
  required<T>(field: string, value: T | null, fallback: T): T {
    if (value !== null) return value;
    // What is there and is wrong has been noted.
    if ((this.#own(field) ?? null) === null) this.#note([field], `"${field}" is needed.`);
    return fallback;
  }

  #own(field: string): JsonValue | undefined {
    return Object.hasOwn(this.#value, field) ? this.#value[field] : undefined;
  }

  #read<T>(field: string, form: string, read: (value: JsonValue) => T | undefined): T | null {
    const value = this.#own(field);
    if (value === undefined || value === null) return null;
    const found = read(value);
    if (found === undefined) this.#note([field], `"${field}" is ${form}.`);
    return found ?? null;
  }

  #note(path: Path, message: string): void {
    if (this.#issues.length < MOST_ISSUES) this.#issues.push({ path: [...this.#path, ...path], message });
  }
}
