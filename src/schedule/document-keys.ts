import type { CronFieldName } from './types.js';

/** The job document's key of each cron field. */
export const CRON_FIELD_KEYS: { readonly [Name in CronFieldName]: string } = {
  year: 'schedule_year',
  month: 'schedule_month',
  day: 'schedule_day',
  week: 'schedule_week',
  dayOfWeek: 'schedule_day_of_week',
  hour: 'schedule_hour',
  minute: 'schedule_minute',
  second: 'schedule_second',
};

/** The job document's key of each other part of a schedule, by its name in the typed inputs. */
export const DOCUMENT_KEYS = {
  at: 'schedule_date',
  every: 'schedule_interval',
  start: 'schedule_start_date',
  end: 'schedule_end_date',
  timezone: 'schedule_timezone',
} as const;

/** Every key of a `job_schedule` object that says when; the others are control state and history. */
export const SCHEDULE_DOCUMENT_KEYS: readonly string[] = [
  ...Object.values(DOCUMENT_KEYS),
  ...Object.values(CRON_FIELD_KEYS),
];
