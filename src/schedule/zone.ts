import { InvalidInputError } from '../lib/errors.js';
import { DAY, HOUR } from '../lib/time.js';
import { BoundedCache } from './bounded-cache.js';
import { civilDate } from './civil.js';
import { type OffsetReader, offsetReader, yearSegments, type ZoneSegment } from './zone-segments.js';

// No zone was ever further ahead of UTC than 15 h 13 min (Alaska before 1867).
const MOST_AHEAD = 16 * HOUR;
const YEARS_KEPT = 128;
const ZONES_KEPT = 700;

/**
 * The arithmetic of one time zone over cached tables of its offsets.
 *
 * A wall time is what the clock on the wall shows, written as the epoch milliseconds at which a clock in UTC would
 * show it. Wall times in a spring gap never come, and those in an autumn overlap come twice; both rules of the
 * schedules (once, right after the gap; once, the first time) are the one map `instantOf`: the first instant at which
 * the wall clock shows that time or a later one. It is monotone, and instantOf(w) > t exactly when w > wallReached(t).
 */
export class Zone {
  readonly name: string;
  readonly #offsetAt: OffsetReader;
  readonly #years = new BoundedCache<number, readonly ZoneSegment[]>(YEARS_KEPT);
  #recent: ZoneSegment;

  /** @throws RangeError when the platform does not know the zone */
  constructor(name: string) {
    this.name = name;
    this.#offsetAt = offsetReader(name);
    this.#recent = { start: 0, end: 0, offset: 0, offsetBefore: 0, wallReached: 0 };
  }

  /** The stretch of constant offset that an instant lies in. */
  segmentAt(instant: number): ZoneSegment {
    const recent = this.#recent;
    if (instant >= recent.start && instant < recent.end) return recent;
    const year = civilDate(Math.floor(instant / DAY)).year;
    const segments = this.#years.get(year) ?? this.#years.add(year, yearSegments(year, this.#offsetAt));
    for (const segment of segments) {
      if (instant < segment.end) {
        this.#recent = segment;
        return segment;
      }
    }
    throw new Error(`No offset of ${this.name} at ${instant}.`);
  }

  /** The wall time at an instant. */
  wallOf(instant: number): number {
    return instant + this.segmentAt(instant).offset;
  }

  /** The latest wall time that the clock has shown up to and at an instant. */
  wallReached(instant: number): number {
    const segment = this.segmentAt(instant);
    return Math.max(instant + segment.offset, segment.wallReached);
  }

  /** The first instant at which the wall clock shows this time or a later one. */
  instantOf(wall: number): number {
    let segment = this.segmentAt(wall - MOST_AHEAD);
    while (wall - segment.offset >= segment.end) segment = this.segmentAt(segment.end);
    return Math.max(wall - segment.offset, segment.start);
  }
}

const zones = new BoundedCache<string, Zone>(ZONES_KEPT);

// The platform of a newer Node also takes offsets such as "+01:00" for zones; they have no clock changes to follow.
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/;

/** The zone of this name, or null when it is no IANA name that the platform knows. */
export function findZone(name: string): Zone | null {
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (!ZONE_NAME.test(name)) return null;
  try {
    return zones.add(name, new Zone(name));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** @throws InvalidInputError when the name is no IANA name that the platform knows */
export function zoneOf(name: string): Zone {
  const zone = findZone(name);
  if (zone === null) throw new InvalidInputError([{ path: ['timezone'], message: unknownZone('timezone', name) }]);
  return zone;
}

/** What to say of a zone name that is not known; `key` is how the input calls it. */
export function unknownZone(key: string, name: string): string {
  return `${key}: "${name}" is not a time zone; write an IANA name such as Europe/Berlin or UTC.`;
}
