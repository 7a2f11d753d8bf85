import { MINUTE } from '../lib/time.js';
import { civilDate, DAY_SECONDS, dayNumber, LAST_INSTANT, MAX_YEAR, MIN_YEAR, monthLength } from './civil.js';
import type { Zone } from './zone.js';

/** An instant that was read from a text, or what is wrong with the text. */
export type InstantReading =
  | { readonly at: number; readonly warning: string | null; readonly fault?: never }
  | { readonly fault: string; readonly at?: never };

const DATE =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/**
 * Reads an ISO 8601 date and time. `Z` and offsets are honoured; without one it is wall time in the zone, where a time
 * in a spring gap means the moment right after it and one in an autumn overlap the first of the two, with a warning.
 */
export function readInstant(text: string, zone: Zone): InstantReading {
  const match = DATE.exec(text.trim());
  if (match === null) {
    return {
      fault: `"${clip(text)}" is not a date; write it as 2030-06-02T16:20:00, with Z or an offset if you like.`,
    };
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  if (month < 1 || month > 12 || day < 1 || day > monthLength(year, month)) {
    return { fault: `"${text}" is not in the calendar.` };
  }
  if (hour > 23 || minute > 59 || second > 59) return { fault: `"${text}" has no valid time of day.` };
  const milliseconds = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const wall = (dayNumber(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second) * 1000 + milliseconds;
  const offset = match[8];
  const reading = offset === undefined ? wallInstant(text, wall, zone) : offsetInstant(text, wall, offset);
  if (reading.fault !== undefined || isInstant(reading.at)) return reading;
  return { fault: `"${text}" lies outside the years ${MIN_YEAR} to ${MAX_YEAR}.` };
}

/** Whether a number is an instant that schedules can hold: whole epoch milliseconds from 1970 to 9999. */
export function isInstant(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= LAST_INSTANT;
}

function wallInstant(text: string, wall: number, zone: Zone): InstantReading {
  const at = zone.instantOf(wall);
  if (zone.wallOf(at) !== wall) {
    return {
      at,
      warning: `"${text}" is skipped by a clock change in ${zone.name}; it is read as ${formatInstant(at, zone)}.`,
    };
  }
  const twice = zone.wallOf(zone.segmentAt(at).end) <= wall;
  return {
    at,
    warning: twice
      ? `"${text}" comes twice in ${zone.name} because of a clock change; the first is meant: ${formatInstant(at, zone)}.`
      : null,
  };
}

function offsetInstant(text: string, wall: number, offset: string): InstantReading {
  if (offset === 'Z' || offset === 'z') return { at: wall, warning: null };
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2));
  if (hours > 23 || minutes > 59) return { fault: `"${text}" has no valid offset.` };
  const size = (hours * 60 + minutes) * MINUTE;
  return { at: offset.startsWith('-') ? wall + size : wall - size, warning: null };
}

/** An instant as ISO 8601 text in a zone: `2030-06-02T16:20:00+02:00`, with milliseconds only where there are some. */
export function formatInstant(at: number, zone: Zone): string {
  const { offset } = zone.segmentAt(at);
  // Offsets with seconds (before 1972) cannot be written in ISO 8601.
  if (offset === 0 || offset % MINUTE !== 0) return `${formatWall(at)}Z`;
  const size = Math.abs(offset) / MINUTE;
  return `${formatWall(at + offset)}${offset < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

function formatWall(wall: number): string {
  const seconds = Math.floor(wall / 1000);
  const { year, month, day } = civilDate(Math.floor(seconds / DAY_SECONDS));
  const time = seconds - Math.floor(seconds / DAY_SECONDS) * DAY_SECONDS;
  const milliseconds = wall - seconds * 1000;
  const clock = `${pad(Math.floor(time / 3600))}:${pad(Math.floor(time / 60) % 60)}:${pad(time % 60)}`;
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${clock}${milliseconds === 0 ? '' : `.${pad(milliseconds, 3)}`}`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
