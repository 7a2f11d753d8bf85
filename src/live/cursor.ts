import { InvalidInputError } from '../lib/errors.js';

/** What a stream's cursors belong to: its kind, and which one of that kind (an epoch, a run, a transaction). */
export interface CursorScope {
  readonly kind: 'events' | 'output' | 'tasks';
  readonly of: string;
}

/** What a cursor says. */
export interface Cursor extends CursorScope {
  /** The position of the last item that was seen. */
  readonly position: number;
}

/** A position in a stream as an opaque text. */
export function encodeCursor(scope: CursorScope, position: number): string {
  return Buffer.from(JSON.stringify([scope.kind, scope.of, position])).toString('base64url');
}

const KINDS: ReadonlySet<unknown> = new Set<CursorScope['kind']>(['events', 'output', 'tasks']);

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

/** The argument that a cursor is given in: a subscription has no `before`. */
export type CursorArgument = 'after' | 'before';

/** What a cursor says. Throws InvalidInputError when it is broken or comes from another kind of stream. */
export function decodeCursor(text: string, kind: CursorScope['kind'], argument: CursorArgument = 'after'): Cursor {
  const parsed = parse(text);
  const [of, scope, position, ...more] = Array.isArray(parsed) ? parsed : [];
  const wellFormed = typeof scope === 'string' && Number.isSafeInteger(position) && position >= 0 && more.length === 0;
  if (!wellFormed || !KINDS.has(of)) {
    const message = 'This cursor is broken: use one that a subscription of this server gave.';
    throw new InvalidInputError([{ path: [argument], message }]);
  }
  if (of !== kind) {
    const message = `This cursor belongs to another subscription (it counts ${of}, this one ${kind}).`;
    throw new InvalidInputError([{ path: [argument], message }]);
  }
  return { kind, of: scope, position };
}
