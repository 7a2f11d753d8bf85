import { DAY, HOUR, MINUTE, SECOND } from './time.js';

const digits = (count: number, end: string): string[] =>
  Array.from({ length: 10 ** count }, (_, value) => `${String(value).padStart(count, '0')}${end}`);

const PARTS = digits(2, ':');
const SECONDS = digits(2, '.');
const MILLISECONDS = digits(3, 'Z');

/** The last instant that is shown, in epoch milliseconds: later years are written with more digits, as no DateTime is. */
export const LAST_SHOWN = Date.UTC(10_000, 0, 1) - 1;
/** The first one; there is no year before 0000 in a DateTime. */
const FIRST_SHOWN = Date.UTC(-1, 12, 1);

const MOST_KEPT = 4_096;

/** What `make` makes of a number, kept in `known`. */
function kept(known: Map<number, string>, key: number, make: (key: number) => string): string {
  let text = known.get(key);
  if (text === undefined) {
    if (known.size >= MOST_KEPT) known.clear();
    text = make(key);
    known.set(key, text);
  }
  return text;
}

/** Days since the epoch as `2026-11-21T`, and minutes as `2026-11-21T08:00:`. */
const days = new Map<number, string>();
const minutes = new Map<number, string>();

const dayText = (day: number): string => new Date(day * DAY).toISOString().slice(0, 11);

function minuteText(minute: number): string {
  const day = Math.floor((minute * MINUTE) / DAY);
  const rest = minute - (day * DAY) / MINUTE;
  return `${kept(days, day, dayText)}${PARTS[Math.floor((rest * MINUTE) / HOUR)]}${PARTS[rest % 60]}`;
}

/**
 * The instant of a DateTime that is nearest to these epoch milliseconds. A stored one may lie beyond (what is read is
 * bounded, but rows outlive the rules they were written by): one such row must not spoil the lists it is in, and many of
 * their instants are never null.
 */
export const shownInstant = (at: number): number => Math.min(Math.max(at, FIRST_SHOWN), LAST_SHOWN);

/**
 * Epoch milliseconds as `2026-11-21T08:00:00.000Z`: what `Date.toISOString` gives, in a fraction of the time, for the
 * instants of a list lie within few minutes, or else few days. What lies beyond the years 0000 to 9999 is shown as the
 * nearest instant within. Throws a RangeError for what is no number.
 */
export function isoText(at: number): string {
  if (!(at >= 0 && at <= LAST_SHOWN) || !Number.isInteger(at)) return new Date(shownInstant(at)).toISOString();
  const minute = Math.floor(at / MINUTE);
  const rest = at - minute * MINUTE;
  return kept(minutes, minute, minuteText) + SECONDS[Math.floor(rest / SECOND)] + MILLISECONDS[rest % SECOND];
}
