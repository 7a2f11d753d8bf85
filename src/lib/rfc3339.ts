const FORM = /^(\d{4})-(\d{2})-(\d{2})[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * The epoch milliseconds of an instant by RFC 3339 (seconds may be left out); null for what is none. A day that its month
 * does not have, such as 30 February, is none: JavaScript reads it as a day of the next month.
 */
export function rfc3339Instant(text: string): number | null {
  const [whole, year, month, day] = FORM.exec(text) ?? [];
  if (
    whole === undefined ||
    new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() !== Number(day)
  ) {
    return null;
  }
  const at = Date.parse(text.replace(' ', 'T').toUpperCase());
  return Number.isNaN(at) ? null : at;
}
