/** Months that what is deprecated works on, at least. */
const MONTHS = 6;

const FORM = /^Since (\d{4}-\d\d-\d\d): use `[\w.()]+`[^`]*\. It works until (\d{4}-\d\d-\d\d)\.$/;

/** A day as it is written; null for one that there is not, such as 31 February. */
function dayOf(text: string): Date | null {
  const day = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(day.getTime()) || !day.toISOString().startsWith(text) ? null : day;
}

/**
 * What is wrong with the reason of a deprecation; null: nothing. It is `Since 2026-11-21: use `key`. It works until
 * 2027-05-21.`, the second day half a year after the first at least.
 */
export function deprecationFault(reason: string): string | null {
  const [, from = '', to = ''] = FORM.exec(reason) ?? [];
  const [since, until] = [dayOf(from), dayOf(to)];
  if (!since || !until) return `it does not say "Since DAY: use \`REPLACEMENT\`. It works until DAY."`;
  const least = new Date(since);
  least.setUTCMonth(least.getUTCMonth() + MONTHS);
  return until < least ? `it works for less than ${MONTHS} months` : null;
}
