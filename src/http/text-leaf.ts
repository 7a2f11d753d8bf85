import { type GraphQLEnumType, type GraphQLLeafType, isEnumType } from 'graphql';

/** How the values of a leaf type are written as JSON; throws for what the type does not take, and for null. */
export interface LeafWriter {
  /** Whether quotes belong around what `write` gives. */
  readonly quoted: boolean;
  readonly write: (value: unknown) => string | number;
  /** The few values that nearly all are, with their JSON. */
  readonly usual: readonly (readonly [value: unknown, json: string])[];
}

/** What JSON writes otherwise than it stands: quotes, backslashes, control characters, and halves of pairs. */
const SPECIAL = /["\\\p{Cc}\p{Surrogate}]/u;

/** The value by its type's own way. */
function serialised(type: GraphQLLeafType, value: unknown): string {
  if (value == null || value instanceof Error || value instanceof Promise) throw new TypeError('No value of a leaf.');
  const text = JSON.stringify(type.serialize(value));
  // What JSON leaves out is no value of any type.
  if (typeof text !== 'string' || text === 'null') throw new TypeError(`No value of ${type.name}.`);
  return text;
}

const inner = (type: GraphQLLeafType, value: unknown): string => serialised(type, value).slice(1, -1);

function texts(type: GraphQLLeafType): LeafWriter {
  const write = (value: unknown): string => {
    if (typeof value !== 'string') return inner(type, value);
    return SPECIAL.test(value) ? JSON.stringify(value).slice(1, -1) : value;
  };
  return { quoted: true, write, usual: [] };
}

function names(type: GraphQLEnumType): LeafWriter {
  const usual = type.getValues().map(({ name, value }) => [value, `"${name}"`] as const);
  return { quoted: false, write: (value) => serialised(type, value), usual };
}

const OF_SPECIFIED: Readonly<Record<string, (type: GraphQLLeafType) => LeafWriter>> = {
  String: texts,
  ID: texts,
  Int: (type) => ({
    quoted: false,
    write: (value) => (typeof value === 'number' && value === (value | 0) ? value : serialised(type, value)),
    usual: [],
  }),
  Float: (type) => ({
    quoted: false,
    write: (value) => (typeof value === 'number' && Number.isFinite(value) ? value : serialised(type, value)),
    usual: [],
  }),
  Boolean: (type) => ({
    quoted: false,
    write: (value) => serialised(type, value),
    usual: [
      [true, 'true'],
      [false, 'false'],
    ],
  }),
};

/** Whether a scalar writes itself in texts that JSON takes as they are. */
const isPlainText = ({ extensions }: GraphQLLeafType): boolean => extensions.plainText === true;

const known = new WeakMap<GraphQLLeafType, LeafWriter>();

function makeWriter(type: GraphQLLeafType): LeafWriter {
  if (isEnumType(type)) return names(type);
  const specified = OF_SPECIFIED[type.name];
  if (specified) return specified(type);
  if (isPlainText(type)) return { quoted: true, write: (value) => String(type.serialize(value)), usual: [] };
  return { quoted: false, write: (value) => serialised(type, value), usual: [] };
}

/** How the values of a leaf type are written; made once for each type. */
export function leafWriter(type: GraphQLLeafType): LeafWriter {
  const writer = known.get(type) ?? makeWriter(type);
  known.set(type, writer);
  return writer;
}
