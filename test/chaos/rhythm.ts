/**
 * When a job of a trial is due, as the trial means it; the reference that the verdict compares with. Nothing of the
 * product is in here. All instants are epoch milliseconds.
 */
export type Rhythm =
  /** At `from`, and again every so many milliseconds. */
  | { readonly kind: 'every'; readonly from: number; readonly milliseconds: number }
  /** Each minute at this second of the clock (UTC), from `from` on. */
  | { readonly kind: 'second'; readonly from: number; readonly second: number }
  | { readonly kind: 'once'; readonly at: number };

const MINUTE = 60_000;

function* steps(first: number, step: number, until: number): Generator<number> {
  for (let at = first; at <= until; at += step) yield at;
}

function firstMinute({ from, second }: { from: number; second: number }): number {
  const inThisMinute = Math.floor(from / MINUTE) * MINUTE + second * 1_000;
  return inThisMinute >= from ? inThisMinute : inThisMinute + MINUTE;
}

/** The instant it is due at first. */
export function firstInstant(rhythm: Rhythm): number {
  if (rhythm.kind === 'once') return rhythm.at;
  return rhythm.kind === 'every' ? rhythm.from : firstMinute(rhythm);
}

/** Every instant it is due at, up to `until`, in order. */
export function instantsUntil(rhythm: Rhythm, until: number): number[] {
  const step = rhythm.kind === 'every' ? rhythm.milliseconds : MINUTE;
  const last = rhythm.kind === 'once' ? Math.min(until, rhythm.at) : until;
  return [...steps(firstInstant(rhythm), step, last)];
}

/** The same as an input of the API. */
export function scheduleInput(rhythm: Rhythm): Record<string, unknown> {
  const text = (at: number): string => new Date(at).toISOString();
  if (rhythm.kind === 'once') return { date: { at: text(rhythm.at) } };
  if (rhythm.kind === 'second') return { cron: { second: String(rhythm.second), start: text(rhythm.from) } };
  return { interval: { every: `${rhythm.milliseconds / 1_000} seconds`, start: text(rhythm.from) } };
}
