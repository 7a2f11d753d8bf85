/** The eight fields of a cron schedule, coarsest first: the order of APScheduler, which the rule of defaults follows. */
export const CRON_FIELDS = ['year', 'month', 'day', 'week', 'dayOfWeek', 'hour', 'minute', 'second'] as const;

export type CronFieldName = (typeof CRON_FIELDS)[number];

/** The fields that were given, each in the field grammar. The rule of defaults fills in the others at each use. */
export type CronFieldTexts = { readonly [Name in CronFieldName]?: string };

export type IntervalUnit = 'week' | 'day' | 'hour' | 'minute' | 'second';

/** How long between two occurrences. Weeks and days keep the wall-clock time; the finer units are exact durations. */
export interface IntervalLength {
  readonly count: number;
  readonly unit: IntervalUnit;
}

interface ScheduleBase {
  /** IANA name: the zone whose wall clock the schedule follows. */
  readonly timezone: string;
}

/** Once, when the job is started: it has no due time of its own. */
export interface NoSchedule extends ScheduleBase {
  readonly kind: 'none';
}

/** Once, at one instant (epoch milliseconds). */
export interface DateSchedule extends ScheduleBase {
  readonly kind: 'date';
  readonly at: number;
}

/**
 * Again and again: occurrence k is anchor + k * every, or, when `every` is `continuous`, one second after the run
 * before ended. All instants are epoch milliseconds; the end is inclusive.
 */
export interface IntervalSchedule extends ScheduleBase {
  readonly kind: 'interval';
  readonly every: IntervalLength | 'continuous';
  /** The start date where one was given, else the moment of creation. Never moves. */
  readonly anchor: number;
  readonly start: number | null;
  readonly end: number | null;
}

/** Whenever the wall clock matches every field, between start and end (epoch milliseconds, both inclusive). */
export interface CronSchedule extends ScheduleBase {
  readonly kind: 'cron';
  readonly fields: CronFieldTexts;
  readonly start: number | null;
  readonly end: number | null;
}

/** When a job is due, in normal form: plain JSON, so it can be kept in a column and read back. */
export type Schedule = NoSchedule | DateSchedule | IntervalSchedule | CronSchedule;

/** A schedule that was read, with what its author should know: nothing in `warnings` stops it from being used. */
export interface ParsedSchedule<Kind extends Schedule = Schedule> {
  readonly schedule: Kind;
  readonly warnings: readonly string[];
}
