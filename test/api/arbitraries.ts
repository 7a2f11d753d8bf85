import fc from 'fast-check';
import {
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';

/** Texts that break what is careless: SQL, quotes, NUL, lone surrogates, emoji, paths, numbers, much of it. */
const EVIL_TEXTS: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  "' OR '1'='1",
  "'; DROP TABLE jobs; --",
  '" OR ""="',
  '\\',
  "\\'; SELECT SLEEP(30) -- ",
  '%',
  '_',
  '!',
  '?',
  ':name',
  '$1',
  '`jobs`',
  'a\u0000b',
  '\u0000',
  '\ud800',
  'x\udfffy',
  '💾🪐',
  '\u202eabc',
  'é̀̂',
  '\n\r\t',
  '../../../../etc/passwd',
  '__proto__',
  'constructor',
  'NaN',
  '1e400',
  '9'.repeat(400),
  'x'.repeat(300),
  'ü'.repeat(70_000),
  '2026-02-30T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  'job_',
  'job_01',
  'run_01a1fd9f-0137-714f-ab1f-2e1a30eae16c',
  'task_x',
  'WyJldmVudHMiLCIwIiwwXQ',
  'W10',
];

const INTS = [0, 1, -1, 2, 7, 500, 501, 2 ** 31 - 1, -(2 ** 31)];
const FLOATS = [0, -0, -1, 0.1, 1e308, -1e308, 5e-324, 2 ** 53, 1e21];
const INSTANTS = [
  '2026-11-21T12:00:00.000Z',
  '0001-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59.999Z',
  '1969-12-31T23:59:59.999Z',
  '2026-11-21T12:00:00+14:00',
];

/** Values that mean something, by the name of the argument or field they fit: without them nothing deep is reached. */
export type Hints = Readonly<Record<string, readonly unknown[]>>;

/** Fits where no hint does. */
const ANY_TEXT = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...EVIL_TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);

const DOCUMENT_KEYS = [
  ...['job_id', 'client_id', 'user_id', 'project_id', 'description', 'job_actions', 'job_action', 'action_defaults'],
  ...['job_schedule', 'freezer_action', 'action', 'mandatory', 'max_retries', 'max_retries_interval', 'timeout'],
  ...['schedule_date', 'schedule_interval', 'schedule_start_date', 'schedule_end_date', 'schedule_timezone'],
  ...['schedule_year', 'schedule_month', 'schedule_day', 'schedule_week', 'schedule_day_of_week', 'schedule_hour'],
  ...['status', 'event', 'result', 'time_created', 'orrery', 'job', 'secret', 'password'],
];

const ANY_JSON: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    ANY_TEXT,
    fc.constantFrom<unknown>(...INTS, ...FLOATS, null, true, false, 'backup', 'env:HOME', '* * *', '1 hour'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...DOCUMENT_KEYS), ANY_TEXT), tie('value'), { maxKeys: 4 }),
  ),
})).value;

const ANY_OBJECT = fc.dictionary(fc.oneof(fc.constantFrom(...DOCUMENT_KEYS), ANY_TEXT), ANY_JSON, { maxKeys: 5 });

function scalarOf(type: string): fc.Arbitrary<unknown> {
  if (type === 'Int') return fc.constantFrom(...INTS);
  if (type === 'Float')
    return fc.oneof(fc.constantFrom(...FLOATS), fc.double({ noNaN: true, noDefaultInfinity: true }));
  if (type === 'Boolean') return fc.boolean();
  if (type === 'DateTime') return fc.constantFrom(...INSTANTS);
  if (type === 'JSON') return ANY_JSON;
  return type === 'JSONObject' ? ANY_OBJECT : ANY_TEXT;
}

function hinted(type: string, name: string, hints: Hints): fc.Arbitrary<unknown> {
  const known = Object.hasOwn(hints, name) ? hints[name] : undefined;
  if (!known) return scalarOf(type);
  return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: scalarOf(type) });
}

/** Values that GraphQL lets in for an argument or field, as wild as it lets them; undefined = left out. */
function wildValue(type: GraphQLInputType, name: string, hints: Hints): fc.Arbitrary<unknown> {
  const present = presentValue(type, name, hints);
  if (isNonNullType(type)) return present;
  const absent = fc.constantFrom(undefined, undefined, null);
  return fc.oneof({ weight: 1, arbitrary: present }, { weight: 1, arbitrary: absent });
}

function presentValue(given: GraphQLInputType, name: string, hints: Hints): fc.Arbitrary<unknown> {
  const type = getNullableType(given);
  if (isListType(type)) {
    const item = presentValue(type.ofType, name, hints);
    return fc.array(item, { maxLength: 3 });
  }
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map((value) => value.name));
  if (!isInputObjectType(type)) return hinted(type.name, name, hints);
  const fields = Object.values(type.getFields());
  if (type.isOneOf) {
    const kinds = fields.map((field) =>
      presentValue(field.type, field.name, hints).map((value) => ({ [field.name]: value })),
    );
    return fc.oneof(...kinds);
  }
  return wildRecord(fields, hints);
}

function wildRecord(
  fields: readonly { name: string; type: GraphQLInputType }[],
  hints: Hints,
): fc.Arbitrary<Record<string, unknown>> {
  const values = fields.map((field) => [field.name, wildValue(field.type, field.name, hints)] as const);
  return fc.record(Object.fromEntries(values)).map((all) => {
    const given = Object.entries(all).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given);
  });
}

/** A call of a root field with arguments that its types let in. */
export interface WildCall {
  field: string;
  variables: Record<string, unknown>;
}

/** Calls of every query and mutation. */
export function wildCalls(schema: GraphQLSchema, hints: Hints): fc.Arbitrary<WildCall> {
  const roots = [schema.getQueryType(), schema.getMutationType()];
  const fields = roots.flatMap((root) => Object.values(root?.getFields() ?? {}));
  return fc.oneof(
    ...fields.map((field) => wildRecord(field.args, hints).map((variables) => ({ field: field.name, variables }))),
  );
}
