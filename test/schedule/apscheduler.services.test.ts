import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeFire } from '../../src/schedule/clock-changes.js';
import { UNIT_LENGTHS } from '../../src/schedule/interval-text.js';
import { nextFires } from '../../src/schedule/next.js';
import { keepsWallClock } from '../../src/schedule/occurrences.js';
import { parseScheduleDocument } from '../../src/schedule/parse.js';
import type { Schedule } from '../../src/schedule/types.js';
import { zoneOf } from '../../src/schedule/zone.js';
import {
  cronCase,
  dateCase,
  intervalCase,
  nightDateCase,
  nightlyCase,
  ORACLE_ZONES,
  type OracleCase,
} from './apscheduler-questions.js';

const PYTHON = '/usr/bin/python3';
const ORACLE = fileURLToPath(new URL('apscheduler_oracle.py', import.meta.url));
const FIRES = 20;

interface Answer {
  readonly fires: readonly (number | null)[];
  readonly plain: readonly (number | null)[];
  readonly dates: Readonly<Record<string, number | null>>;
}

/** A schedule as we read it, with its due times and the instants they were asked for. */
interface Asked {
  readonly subject: OracleCase;
  readonly schedule: Schedule;
  readonly warned: boolean;
  readonly after: readonly number[];
  readonly reached: readonly number[];
  readonly fires: readonly (number | null)[];
}

function ask(subject: OracleCase): Asked {
  const { schedule, warnings } = parseScheduleDocument(subject.document, { createdAt: subject.createdAt });
  const zone = zoneOf(subject.timezone);
  const found = nextFires(schedule, subject.after, FIRES);
  // Where the due times end before the twentieth, the last question is what comes after the end.
  const after = [subject.after, ...found].slice(0, FIRES);
  const start = schedule.kind === 'cron' && schedule.start !== null ? schedule.start - 1 : Number.NEGATIVE_INFINITY;
  return {
    subject,
    schedule,
    warned: warnings.length > 0,
    after,
    reached: after.map((at) => zone.wallReached(Math.max(at, start))),
    fires: after.map((_, index) => found[index] ?? null),
  };
}

/** All questions to one process of APScheduler. */
function answers(asked: readonly Asked[]): Answer[] {
  const input = asked.map(({ subject, after, reached }) =>
    JSON.stringify({ ...subject.argument, ...subject, document: undefined, argument: undefined, after, reached }),
  );
  const { stdout, stderr, status } = spawnSync(PYTHON, [ORACLE], {
    input: `${input.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`APScheduler failed: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The reasons of docs/schedules.md ("Differences from APScheduler"). */
type Reason = 'gap' | 'overlap' | 'lost after a spring change' | 'wall-clock days';

/** Why our due time may differ from APScheduler's, or null when there is no listed reason. */
function reasonOf({ schedule }: Asked, after: number, ours: number | null, theirs: number | null): Reason | null {
  const zone = zoneOf(schedule.timezone);
  const twice = (at: number | null) => at !== null && isShownTwice(schedule.timezone, at);
  if (schedule.kind === 'interval') {
    const offsetOf = (at: number) => zone.segmentAt(at).offset;
    if (schedule.every === 'continuous' || !keepsWallClock(schedule.every)) return null;
    // Theirs must be an exact multiple of 24 hours after the anchor, and the clock must have changed since.
    const exact = schedule.every.count * UNIT_LENGTHS[schedule.every.unit];
    if (theirs !== null && (theirs - schedule.anchor) % exact !== 0) return null;
    const shifted = [after, ours, theirs, schedule.end].some(
      (at) => at !== null && offsetOf(at) !== offsetOf(schedule.anchor),
    );
    return shifted || twice(ours) || twice(theirs) ? 'wall-clock days' : null;
  }
  if (ours !== null && describeFire(schedule, ours).effect === 'MOVED') return 'gap';
  if (twice(ours) || twice(theirs)) return 'overlap';
  if (ours === null || (theirs !== null && theirs < ours)) return null;
  const before = zone.segmentAt(ours).offset - zone.segmentAt(after).offset;
  const change = zone.segmentAt(ours);
  const gain = Math.max(before, change.start > after ? change.offset - change.offsetBefore : 0);
  return zone.wallOf(ours) % 86_400_000 < gain ? 'lost after a spring change' : null;
}

/** Whether the wall time at an instant is one that an autumn change repeats, in its first or its second pass. */
function isShownTwice(timezone: string, at: number): boolean {
  const zone = zoneOf(timezone);
  const wall = zone.wallOf(at);
  return zone.instantOf(wall) < at || zone.wallOf(zone.segmentAt(at).end) <= wall;
}

const missing = spawnSync(PYTHON, ['-c', 'import apscheduler, pytz']).status !== 0;

it('APScheduler finds the same due times, but for the listed reasons', { timeout: 300_000 }, ({ skip, annotate }) => {
  skip(missing, `${PYTHON} with apscheduler (Debian: python3-apscheduler) is not installed`);
  const sample = (arbitrary: fc.Arbitrary<OracleCase>, numRuns: number) =>
    fc.sample(arbitrary, { numRuns, seed: 2015 });
  const cases = [
    ...sample(cronCase, 2000),
    ...sample(intervalCase, 800),
    ...sample(dateCase, 400),
    ...sample(nightlyCase, 300),
    ...sample(nightDateCase, 100),
  ];
  expect(new Set(cases.map(({ timezone }) => timezone)).size).toBe(ORACLE_ZONES.length);

  const asked = cases.map(ask);
  const answered = answers(asked);
  expect(answered).toHaveLength(cases.length);

  const unexplained: unknown[] = [];
  const explained: Record<string, number> = {};
  let compared = 0;
  asked.forEach((entry, index) => {
    const answer = answered[index] ?? { fires: [], plain: [], dates: {} };
    if (!sameDates(entry, answer)) {
      // Naive dates in a gap or an overlap: both sides read them by their own rule, and ours warns.
      if (entry.warned) explained['naive date'] = (explained['naive date'] ?? 0) + 1;
      else unexplained.push({ document: entry.subject.document, dates: answer.dates });
      return;
    }
    entry.after.forEach((after, place) => {
      const ours = entry.fires[place] ?? null;
      const theirs = answer.fires[place] ?? null;
      compared++;
      const plainly = entry.schedule.kind === 'cron' ? onClock(entry.schedule, answer.plain[place] ?? null) : ours;
      const reason = ours === theirs ? 'same' : reasonOf(entry, after, ours, theirs);
      if (reason === null || plainly !== ours) {
        unexplained.push({ document: entry.subject.document, after, ours, theirs, plainly });
      } else if (reason !== 'same') explained[reason] = (explained[reason] ?? 0) + 1;
    });
  });
  annotate(`${cases.length} schedules, ${compared} due times compared; differences: ${JSON.stringify(explained)}`);
  expect(unexplained.slice(0, 5)).toEqual([]);
});

function sameDates({ schedule }: Asked, { dates }: Answer): boolean {
  if (schedule.kind === 'date') return dates.date === schedule.at;
  if (schedule.kind === 'none') return false;
  return (dates.start ?? null) === schedule.start && (dates.end ?? null) === schedule.end;
}

/** What APScheduler found on a clock that never changes, put on the zone's clock by our one rule. */
function onClock(schedule: Schedule & { readonly kind: 'cron' }, wall: number | null): number | null {
  const at = wall === null ? null : zoneOf(schedule.timezone).instantOf(wall);
  return at !== null && (schedule.end === null || at <= schedule.end) ? at : null;
}
