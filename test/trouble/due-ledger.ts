import type { DueTimesQuery, OrrerySdk, RunsQuery } from '@orrery/sdk';
import { expect } from 'vitest';
import { SECOND } from '../../src/lib/time.js';
import { firesBetween } from '../../src/schedule/next.js';
import type { IntervalSchedule } from '../../src/schedule/types.js';

type Due = DueTimesQuery['dueTimes']['nodes'][number];
type Run = RunsQuery['runs']['nodes'][number];

/** A job that is due every second for a number of seconds. Every due instant is known beforehand. */
export interface SecondlyJob {
  readonly id: string;
  readonly key: string;
  readonly schedule: IntervalSchedule;
}

/** The schedule that is due every second from an instant (epoch milliseconds) on, so many times. */
export function everySecond(from: number, times: number): IntervalSchedule {
  const end = from + (times - 1) * SECOND;
  return { kind: 'interval', timezone: 'UTC', every: { count: 1, unit: 'second' }, anchor: from, start: from, end };
}

/** The same as an input of the API. */
export function intervalInput({ start, end }: IntervalSchedule): {
  interval: { every: string; start: string; end: string };
} {
  const text = (at: number | null): string => new Date(at ?? 0).toISOString();
  return { interval: { every: '1 second', start: text(start), end: text(end) } };
}

/** The instants of a schedule, by the pure calculation. */
export function instantsOf(schedule: IntervalSchedule): number[] {
  return firesBetween(schedule, (schedule.start ?? 0) - 1, schedule.end ?? 0, 10_000);
}

async function dueOf(sdk: OrrerySdk, { key, schedule }: SecondlyJob): Promise<Due[]> {
  const [from, to] = [schedule.start ?? 0, schedule.end ?? 0].map((at) => new Date(at).toISOString());
  const window = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const { dueTimes } = await sdk.dueTimes({ filter: { jobs: [key] }, ...window, first: 100 });
  expect(dueTimes.pageInfo.hasNextPage).toBe(false);
  return dueTimes.nodes;
}

/** Every run of a job. */
export async function runsOf(sdk: OrrerySdk, jobId: string): Promise<Run[]> {
  const { runs } = await sdk.runs({ filter: { jobIds: [jobId] }, first: 100 });
  expect(runs.pageInfo.hasNextPage).toBe(false);
  return runs.nodes;
}

/** Whether nothing of a job lies ahead: it is fired to its end, and every run of it has ended. */
export async function isOver(sdk: OrrerySdk, jobs: readonly SecondlyJob[]): Promise<boolean> {
  const found = await Promise.all(jobs.map(({ id }) => sdk.job({ id })));
  return found.every(({ job }) => job?.status === 'COMPLETED');
}

/** Each instant of the schedule came up exactly once, missed stretches taken apart, and made at most one run. */
export async function expectEachInstantOnce(sdk: OrrerySdk, job: SecondlyJob): Promise<Due[]> {
  const due = await dueOf(sdk, job);
  const told = due.flatMap(({ at, until }) =>
    until === null ? [Date.parse(at)] : firesBetween(job.schedule, Date.parse(at) - 1, Date.parse(until), 10_000),
  );
  expect(told.toSorted((a, b) => a - b)).toEqual(instantsOf(job.schedule));
  const made = due.flatMap(({ run, at }) => (run ? [`${run.id} ${at}`] : []));
  const runs = (await runsOf(sdk, job.id)).map(({ id, scheduledFor }) => `${id} ${scheduledFor}`);
  expect(runs.toSorted()).toEqual(made.toSorted());
  return due;
}
