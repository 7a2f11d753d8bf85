/** What no name holds: control characters, and half of a surrogate pair, which is no character. */
const NOT_IN_NAMES = /[\p{Cc}\p{Surrogate}]/u;

/**
 * Whether a text can be a name that things are told apart by: 1 to `most` UTF-16 units. A database may ignore spaces at
 * the end of what it compares (MariaDB's `utf8mb4_bin`) or all that follows a NUL (SQLite), and a program does not: two
 * names that only one of them takes for the same would be one thing here and two there.
 */
export function isName(text: string, most: number): boolean {
  return text.length >= 1 && text.length <= most && text.trim().length === text.length && !NOT_IN_NAMES.test(text);
}

/** The form of a name in words, to follow "has". */
export const nameForm = (most: number): string =>
  `1 to ${most} characters, no control character among them and no white space at either end`;

/** A text as every store can hold it: no NUL (shown as U+2400 instead), no half of a surrogate pair (U+FFFD). */
export function storable(text: string): string {
  return Buffer.from(text.replaceAll('\0', '\u2400')).toString();
}
