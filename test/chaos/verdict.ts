import type { Ended } from './engine-process.js';
import type { Incident } from './faults.js';
import { type Counted, percentile } from './ledger.js';
import type { Goal, Limits } from './scenario.js';
import type { Counts } from './world.js';

/** Everything that a scenario brought to light. */
export interface Outcome {
  readonly scenario: string;
  readonly seed: number;
  readonly seconds: number;
  readonly fires: Counted;
  readonly lines: Counted;
  readonly incidents: readonly Incident[];
  readonly counts: Counts;
  readonly figures: Readonly<Record<string, string>>;
  /** What the scenario itself measured against a limit. */
  readonly goals: readonly Goal[];
  readonly accepted: { readonly writes: number; readonly refused: number; readonly lost: readonly string[] };
  readonly ends: readonly Ended[];
  /** What the servers logged as errors: bugs by their own account. */
  readonly errors: readonly string[];
  /** Jobs that were not fired, and runs that had not ended, when the trial stopped waiting for them. */
  readonly unsettled: { readonly fires: number; readonly runs: number };
  readonly limits: Limits;
  /** How busy the machine was at the end: lateness is to be read with it. */
  readonly machine: { readonly cores: number; readonly load: number };
}

/** One thing that had to hold. */
export interface Check {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(2)} s`;

function exactlyOnce(what: string, counted: Counted): Check[] {
  const check = (name: string, count: number): Check => ({
    what: `${what}: none ${name}`,
    ok: count === 0,
    detail: count === 0 ? `of ${counted.due}` : `${count} of ${counted.due}: ${counted.faults.join('; ')}`,
  });
  return [
    check('missed', counted.missed),
    check('doubled', counted.doubled),
    check('early', counted.early),
    check('invented', counted.invented),
  ];
}

/** The longest of some times; null = one of them never ended, undefined = there is none. */
export function worst(times: readonly (number | null | undefined)[]): number | null | undefined {
  const known = times.filter((time) => time !== undefined);
  if (known.length === 0) return undefined;
  return known.includes(null) ? null : Math.max(...known.map(Number));
}

function within(what: string, time: number | null | undefined, limit: number): Check[] {
  if (time === undefined) return [];
  const ok = time !== null && time <= limit;
  const measured = time === null ? 'never' : seconds(time);
  const bound = limit === Infinity ? 'at some time' : `within ${seconds(limit)}`;
  return [{ what: `${what} ${bound}`, ok, detail: measured }];
}

/** What had to hold, and whether it did. */
export function checksOf(outcome: Outcome): Check[] {
  const { fires, lines, incidents, limits, accepted, ends, errors, unsettled } = outcome;
  const orderly = ends.filter(({ code }) => code !== 0);
  return [
    { what: 'there was something to fire', ok: fires.due > 0, detail: `${fires.due} due instants` },
    ...exactlyOnce('fires', fires),
    ...(lines.due > 0 ? exactlyOnce('executed runs', lines) : []),
    {
      what: 'everything settled',
      ok: unsettled.fires + unsettled.runs === 0,
      detail: `${unsettled.fires} not fired, ${unsettled.runs} runs open`,
    },
    // Without a limit nothing could break it: that a fire comes at all is what "none missed" says.
    ...(limits.lateness === Infinity ? [] : within('the latest fire', percentile(fires.lateness, 1), limits.lateness)),
    ...within('every takeover', worst(incidents.map(({ takeover }) => takeover)), limits.takeover),
    ...within('every recovery', worst(incidents.map(({ recovery }) => recovery)), limits.recovery),
    ...outcome.goals.map(({ what, measured, limit, unit }) => ({
      what: `${what}: at most ${limit} ${unit}`,
      ok: measured <= limit,
      detail: `${Number(measured.toPrecision(3))} ${unit}`,
    })),
    ...kept(accepted),
    { what: 'every server ends in order', ok: orderly.length === 0, detail: orderly.map(shownEnd).join() || 'exit 0' },
    { what: 'no server reports a bug of its own', ok: errors.length === 0, detail: errors.slice(0, 3).join(' | ') },
  ];
}

/** Where somebody wrote: a server accepted some of it, and has it still. */
function kept({ writes, refused, lost }: Outcome['accepted']): Check[] {
  if (writes + refused === 0) return [];
  const detail = `${writes} accepted, ${refused} not, lost: ${lost.slice(0, 5).join() || 'none'}`;
  return [{ what: 'no accepted write is lost', ok: lost.length === 0, detail }];
}

const shownEnd = ({ code, signal }: Ended): string => signal ?? String(code);
