import { decimalText } from '../lib/decimal-text.js';
import { InvalidInputError } from '../lib/errors.js';

type Value = string | number | null;

/** What stands in JSON as it is. */
const PLAIN = /^[\w-]*$/;

/** A value as JSON. */
function jsonOf(value: Value): string {
  if (typeof value === 'number') return decimalText(value);
  return value !== null && PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
}

/** The spaces that fill a text up to whole groups of three bytes. */
const FILL = ['', '  ', ' '];

/** Where texts become bytes, three for a character at most; 500 positions of ordinary lists have room. */
const MOST_CHARACTERS = 65_536;
const scratch = Buffer.allocUnsafeSlow(3 * MOST_CHARACTERS);

/**
 * Positions in a list as opaque texts: the list's scope and the values of its order. Those of a page are encoded at
 * once and cut: JSON does not mind the spaces between.
 */
export function encodeCursors(scope: string, positions: readonly (readonly Value[])[]): string[] {
  const start = `[${JSON.stringify(scope)}`;
  const ends: number[] = [];
  let all = '';
  for (const values of positions) {
    let text = start;
    for (const value of values) text += `,${jsonOf(value)}`;
    text += ']';
    all += text + FILL[text.length % 3];
    ends.push((all.length / 3) * 4);
  }
  // Bytes and characters differ where a text is not ASCII; longer pages come with longer texts.
  if (all.length > MOST_CHARACTERS || scratch.write(all) !== all.length) {
    return positions.map((values) => Buffer.from(JSON.stringify([scope, ...values])).toString('base64url'));
  }
  const encoded = scratch.toString('base64url', 0, all.length);
  return ends.map((end, index) => encoded.slice(ends[index - 1] ?? 0, end));
}

/** One such position. */
export function encodeCursor(scope: string, values: readonly Value[]): string {
  return encodeCursors(scope, [values])[0] ?? '';
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

const isValue = (value: unknown): value is Value =>
  value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));

/** What is said of a cursor that no list gave. */
export const brokenCursor = (path: readonly string[]): InvalidInputError =>
  new InvalidInputError([{ path, message: 'This cursor is broken: use one that a page of this list gave.' }]);

/** The values behind a cursor. Throws InvalidInputError when it is broken or belongs to another list or order. */
export function decodeCursor(cursor: string, scope: string, length: number, path: readonly string[]): Value[] {
  const parsed = parse(cursor);
  const [of, ...values] = Array.isArray(parsed) ? parsed : [];
  if (typeof of === 'string' && of !== scope) {
    const message = `This cursor belongs to another list or order (${of}); this one is ${scope}.`;
    throw new InvalidInputError([{ path, message }]);
  }
  // The last value is unique in its list, so there is one.
  const whole = values.length === length && values.every(isValue) && values.at(-1) !== null;
  if (of !== scope || !whole) throw brokenCursor(path);
  return values;
}
