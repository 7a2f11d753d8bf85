import { GraphQLError, type ValueNode } from 'graphql';
import type { ScheduleInput } from '../jobs/schedule-input.js';
import { CRON_FIELDS } from '../schedule/types.js';
import { builder } from './builder.js';
import { CRON_FIELD_TEXTS } from './schedule.js';

function cronField(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw new GraphQLError('A cron field is a text or a whole number.');
}

function cronLiteral(node: ValueNode): string {
  if (node.kind === 'StringValue' || node.kind === 'IntValue') return node.value;
  throw new GraphQLError('A cron field is a text or a whole number.', { nodes: node });
}

builder.scalarType('CronField', {
  description:
    'A field of a cron schedule: `*`, `a`, `a-b`, `a-b/n`, `*/n` or a list of them; a text or a whole number.',
  serialize: (value) => value,
  parseValue: cronField,
  parseLiteral: cronLiteral,
});

function dateText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new GraphQLError('A date of a schedule is an ISO 8601 text.');
}

function dateLiteral(node: ValueNode): string {
  if (node.kind === 'StringValue') return node.value;
  throw new GraphQLError('A date of a schedule is an ISO 8601 text.', { nodes: node });
}

builder.scalarType('ScheduleDate', {
  description:
    'A date of a schedule, ISO 8601: with `Z` or an offset that moment ("2030-06-02T16:20:00+02:00"), without one what the clock shows in the zone of the schedule ("2030-06-02T16:20:00"). A date alone means midnight.',
  serialize: (value) => value,
  parseValue: dateText,
  parseLiteral: dateLiteral,
});

const timezone = 'The zone whose wall clock it follows: an IANA name; UTC when left out.';
const start = 'Nothing is due before it; inclusive.';
const end = 'Nothing is due after it; inclusive.';

const NoScheduleInput = builder.inputType('NoScheduleInput', {
  description: 'Once, when the job is started.',
  fields: (t) => ({ timezone: t.string({ description: timezone }) }),
});

const DateScheduleInput = builder.inputType('DateScheduleInput', {
  description: 'Once, at an instant.',
  fields: (t) => ({
    at: t.field({ type: 'ScheduleDate', required: true, description: 'The instant.' }),
    timezone: t.string({ description: timezone }),
  }),
});

const IntervalScheduleInput = builder.inputType('IntervalScheduleInput', {
  description: 'Again and again after a length of time.',
  fields: (t) => ({
    every: t.string({
      required: true,
      description: '`continuous`, `N weeks|days|hours|minutes|seconds`, or a short form such as `1d` or `2h30m`.',
    }),
    start: t.field({
      type: 'ScheduleDate',
      description: `${start} Without it the moment of creation gives the phase.`,
    }),
    end: t.field({ type: 'ScheduleDate', description: end }),
    timezone: t.string({ description: timezone }),
  }),
});

const CronScheduleInput = builder.inputType('CronScheduleInput', {
  description:
    'Whenever the wall clock matches every field given. Fields finer than the finest one given are at their minimum.',
  fields: (t) => {
    const field = (name: keyof typeof CRON_FIELD_TEXTS) =>
      t.field({ type: 'CronField', description: CRON_FIELD_TEXTS[name] });
    return {
      year: field('year'),
      month: field('month'),
      day: field('day'),
      week: field('week'),
      dayOfWeek: field('dayOfWeek'),
      hour: field('hour'),
      minute: field('minute'),
      second: field('second'),
      start: t.field({ type: 'ScheduleDate', description: start }),
      end: t.field({ type: 'ScheduleDate', description: end }),
      timezone: t.string({ description: timezone }),
    };
  },
});

export const ScheduleInputType = builder.inputType('ScheduleInput', {
  description: 'When a job is due: exactly one of the kinds.',
  isOneOf: true,
  fields: (t) => ({
    none: t.field({ type: NoScheduleInput, description: 'Once, when the job is started.' }),
    date: t.field({ type: DateScheduleInput, description: 'Once, at an instant.' }),
    interval: t.field({ type: IntervalScheduleInput, description: 'Again and again after a length of time.' }),
    cron: t.field({ type: CronScheduleInput, description: 'Whenever the wall clock matches.' }),
  }),
});

type GivenSchedule = typeof ScheduleInputType.$inferInput;

/** A schedule as the API takes it, in the domain's words. */
export function toScheduleInput({ none, date, interval, cron }: GivenSchedule): ScheduleInput {
  if (date) return { date };
  if (interval) return { interval };
  if (!cron) return { none: none ?? {} };
  const fields = Object.fromEntries(CRON_FIELDS.map((name) => [name, cron[name]]));
  return { cron: { ...fields, timezone: cron.timezone, start: cron.start, end: cron.end } };
}
