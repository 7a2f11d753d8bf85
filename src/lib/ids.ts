import { v7, validate } from 'uuid';

/** Makes globally unique, time-sortable ids of the form `prefix_uuidv7`. Injected, so that tests can pin them. */
export interface IdSource {
  next(prefix: string): string;
}

/** Ids from the host's clock and random numbers (RFC 9562, UUID version 7). */
export const systemIds: IdSource = { next: (prefix) => `${prefix}_${v7()}` };

/** Whether a text has the form of an id with this prefix. */
export function isId(prefix: string, text: string): boolean {
  return text.startsWith(`${prefix}_`) && validate(text.slice(prefix.length + 1));
}
