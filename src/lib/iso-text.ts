import { DAY, HOUR, MINUTE, SECOND } from './time.js';

const digits = (count: number): string[] =>
  Array.from({ length: 10 ** count }, (_, value) => String(value).padStart(count, '0'));

const TWO = digits(2);
const THREE = digits(3);

/** The end of the year 9999: later years are written with more digits. */
const FAR = Date.UTC(10_000, 0, 1);

const MOST_DAYS = 4_096;

/** Days since the epoch as `2026-11-21T`. */
const days = new Map<number, string>();

function dayText(day: number): string {
  let text = days.get(day);
  if (text === undefined) {
    if (days.size >= MOST_DAYS) days.clear();
    text = new Date(day * DAY).toISOString().slice(0, 11);
    days.set(day, text);
  }
  return text;
}

/**
 * Epoch milliseconds as `2026-11-21T08:00:00.000Z`: what `Date.toISOString` gives, in a quarter of the time, for the
 * instants of a list lie within few days. Throws a RangeError where there is no such date.
 */
export function isoText(at: number): string {
  if (!(at >= 0 && at < FAR) || !Number.isInteger(at)) return new Date(at).toISOString();
  const day = Math.floor(at / DAY);
  const rest = at - day * DAY;
  const hour = Math.floor(rest / HOUR);
  const minute = Math.floor((rest % HOUR) / MINUTE);
  const second = Math.floor((rest % MINUTE) / SECOND);
  return `${dayText(day)}${TWO[hour]}:${TWO[minute]}:${TWO[second]}.${THREE[rest % SECOND]}Z`;
}
