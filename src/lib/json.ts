/** What JSON can say. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object. */
export type JsonObject = { [key: string]: JsonValue };

/** Whether a JSON value is an object (not null, not a list). */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * How deep objects and lists may be nested in JSON that is kept as it is given: MariaDB takes 31 of them in a column, and
 * some of what is kept stands in an object of ours.
 */
export const DEEPEST_KEPT = 30;

/** Whether objects and lists are nested deeper than `most`; looks no deeper than that. */
export function isDeeper(value: JsonValue, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (most === 0) return true;
  const inner = Array.isArray(value) ? value : Object.values(value);
  return inner.some((one) => isDeeper(one, most - 1));
}

/** Half of a surrogate pair as `JSON.stringify` writes it: not an escaped backslash with a "u" behind it. */
const HALF_PAIR = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/** Whether a text that `JSON.stringify` made holds half of a surrogate pair, which is no character: MariaDB takes none. */
export function holdsHalfPair(json: string): boolean {
  return json.includes('\\ud') && HALF_PAIR.test(json);
}
