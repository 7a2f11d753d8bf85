import type { Faults, Path } from './faults.js';

type Json = Readonly<Record<string, unknown>>;

/** Reads the keys of one JSON object, and says what is wrong with each by its place. Missing and null are the same. */
export class JsonReader {
  readonly value: Json;
  readonly #faults: Faults;
  readonly #path: Path;

  constructor(faults: Faults, path: Path, value: Json) {
    this.#faults = faults;
    this.#path = path;
    this.value = value;
  }

  static isObject(value: unknown): value is Json {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  }

  fault(key: string, problem: string): void {
    this.#faults.add([...this.#path, key], problem);
  }

  has(key: string): boolean {
    return this.value[key] !== undefined && this.value[key] !== null;
  }

  /** Refuses by name each key that is not among these. */
  refuseOthers(known: readonly string[]): void {
    for (const key of Object.keys(this.value)) {
      if (!known.includes(key)) this.fault(key, `is not known here; the keys are ${known.join(', ')}.`);
    }
  }

  text(key: string): string | null {
    const value = this.value[key] ?? null;
    if (value === null || typeof value === 'string') return value;
    this.fault(key, 'must be a text.');
    return null;
  }

  number(key: string): number | null {
    const value = this.value[key] ?? null;
    if (value === null || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
    this.fault(key, 'must be a whole number.');
    return null;
  }

  flag(key: string): boolean | null {
    const value = this.value[key] ?? null;
    if (value === null || typeof value === 'boolean') return value;
    this.fault(key, 'must be true or false.');
    return null;
  }

  /** A text that is one of a list. */
  choice(key: string, allowed: readonly string[]): string | null {
    const text = this.text(key);
    if (text === null || allowed.includes(text)) return text;
    this.fault(key, `"${text}" is not one of ${allowed.map((word) => `"${word}"`).join(', ')}.`);
    return null;
  }

  /** A text that is one of our words, in whatever case. */
  word<T extends string>(key: string, allowed: readonly T[]): T | null {
    const text = this.text(key);
    const word = allowed.find((candidate) => candidate === text?.toUpperCase());
    if (text !== null && word === undefined) this.fault(key, `"${text}" is not one of ${allowed.join(', ')}.`);
    return word ?? null;
  }

  /** A key with another spelling; both may be given when they say the same. */
  alias<T>(key: string, other: string, read: (key: string) => T | null): T | null {
    const [value, same] = [read(key), read(other)];
    if (value !== null && same !== null && value !== same) {
      this.fault(other, `says something else than ${key}, of which it is another spelling.`);
    }
    return value ?? same;
  }

  /** The object under a key; an empty one where there is none. */
  object(key: string): JsonReader {
    const value = this.value[key] ?? {};
    const path = [...this.#path, key];
    if (JsonReader.isObject(value)) return new JsonReader(this.#faults, path, value);
    this.fault(key, 'must be an object.');
    return new JsonReader(this.#faults, path, {});
  }

  /** The objects in the list under a key. */
  objects(key: string): JsonReader[] {
    const list = this.value[key] ?? [];
    if (!Array.isArray(list)) {
      this.fault(key, 'must be a list.');
      return [];
    }
    return list.map((item: unknown, index) => {
      if (JsonReader.isObject(item)) return new JsonReader(this.#faults, [...this.#path, key, index], item);
      this.#faults.add([...this.#path, key, index], 'must be an object.');
      return new JsonReader(this.#faults, [...this.#path, key, index], { freezer_action: {} });
    });
  }
}
