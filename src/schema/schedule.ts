import { formatInterval } from '../schedule/interval-text.js';
import {
  CRON_FIELDS,
  type CronFieldName,
  type CronSchedule,
  type DateSchedule,
  type IntervalSchedule,
  type NoSchedule,
  type Schedule,
} from '../schedule/types.js';
import { builder } from './builder.js';
import { toDate, toDateOrNull } from './scalars.js';

const TYPE_NAMES = {
  none: 'NoSchedule',
  date: 'DateSchedule',
  interval: 'IntervalSchedule',
  cron: 'CronSchedule',
} as const satisfies Record<Schedule['kind'], string>;

/** When a job is due. */
export const ScheduleType = builder.interfaceRef<Schedule>('Schedule').implement({
  description: 'When a job is due.',
  resolveType: (schedule) => TYPE_NAMES[schedule.kind],
  fields: (t) => ({
    timezone: t.exposeString('timezone', { description: 'The zone whose wall clock it follows: an IANA name.' }),
  }),
});

builder.objectRef<NoSchedule>('NoSchedule').implement({
  description: 'Once, when the job is started.',
  interfaces: [ScheduleType],
});

builder.objectRef<DateSchedule>('DateSchedule').implement({
  description: 'Once, at an instant.',
  interfaces: [ScheduleType],
  fields: (t) => ({
    at: t.field({ type: 'DateTime', description: 'The instant.', resolve: (schedule) => toDate(schedule.at) }),
  }),
});

builder.objectRef<IntervalSchedule>('IntervalSchedule').implement({
  description: 'Again and again: occurrence k is anchor + k * every.',
  interfaces: [ScheduleType],
  fields: (t) => ({
    every: t.string({
      description: '`continuous` (one second after the run before ended), or a length such as `1 days`.',
      resolve: (schedule) => formatInterval(schedule.every),
    }),
    anchor: t.field({
      type: 'DateTime',
      description: 'The instant that the phase hangs on: the start, or else the moment of creation. It never moves.',
      resolve: (schedule) => toDate(schedule.anchor),
    }),
    start: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The first instant; inclusive.',
      resolve: (schedule) => toDateOrNull(schedule.start),
    }),
    end: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The last instant; inclusive.',
      resolve: (schedule) => toDateOrNull(schedule.end),
    }),
  }),
});

/** What each cron field counts. */
export const CRON_FIELD_TEXTS: Record<CronFieldName, string> = {
  year: 'The years, of four digits.',
  month: 'The months: 1-12 or jan-dec.',
  day: 'The days of the month: 1-31, `last`, `2nd fri`, `last fri`.',
  week: 'The ISO weeks: 1-53.',
  dayOfWeek: 'The weekdays: 0-6 with 0 = Monday, or mon-sun.',
  hour: 'The hours: 0-23.',
  minute: 'The minutes: 0-59.',
  second: 'The seconds: 0-59.',
};

const CronFields = builder.objectRef<CronSchedule>('CronFields').implement({
  description: 'The fields of a cron schedule that were given. All of them must match.',
  fields: (t) =>
    Object.fromEntries(
      CRON_FIELDS.map((name) => [
        name,
        t.string({
          nullable: true,
          description: CRON_FIELD_TEXTS[name],
          resolve: (schedule) => schedule.fields[name] ?? null,
        }),
      ]),
    ),
});

builder.objectRef<CronSchedule>('CronSchedule').implement({
  description: 'Whenever the wall clock matches every field.',
  interfaces: [ScheduleType],
  fields: (t) => ({
    fields: t.field({ type: CronFields, description: 'The fields that were given.', resolve: (schedule) => schedule }),
    start: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Nothing is due before it.',
      resolve: (schedule) => toDateOrNull(schedule.start),
    }),
    end: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Nothing is due after it.',
      resolve: (schedule) => toDateOrNull(schedule.end),
    }),
  }),
});
