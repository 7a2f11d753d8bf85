import { InvalidInputError } from '../lib/errors.js';

type Value = string | number | null;

/** A position in a list as an opaque text: the list's scope and the values of its order. */
export function encodeCursor(scope: string, values: readonly Value[]): string {
  return Buffer.from(JSON.stringify([scope, ...values])).toString('base64url');
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

/** The values behind a cursor. Throws InvalidInputError when it is broken or belongs to another list or order. */
export function decodeCursor(cursor: string, scope: string, length: number, path: readonly string[]): Value[] {
  const parsed = parse(cursor);
  const [of, ...values] = Array.isArray(parsed) ? parsed : [];
  if (typeof of === 'string' && of !== scope) {
    const message = `This cursor belongs to another list or order (${of}); this one is ${scope}.`;
    throw new InvalidInputError([{ path, message }]);
  }
  if (of !== scope || values.length !== length || !values.every(isValue)) {
    throw new InvalidInputError([{ path, message: 'This cursor is broken: use one that a page of this list gave.' }]);
  }
  return values;
}
