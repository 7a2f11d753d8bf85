import fc from 'fast-check';
import { buildSchema, execute, type GraphQLSchema, isInterfaceType, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { type CompiledQuery, compile, compileTexts } from '../../src/http/compile.js';
import { isoText } from '../../src/lib/iso-text.js';
import { exposing, madeOf, TOLD_BY_ITS_OBJECT } from '../../src/schema/plain-field.js';

interface Shown {
  list: unknown;
  owner?: unknown;
}

/** A schema whose list is plain, but for what needs a resolver of its own. */
function schemaWith(shown: Shown): GraphQLSchema {
  const schema = buildSchema(`
    scalar DateTime
    scalar Any
    enum Color { RED BLUE }
    type Row { id: ID!, text: String, must: String!, number: Int, ratio: Float, yes: Boolean, color: Color, at: DateTime,
      any: Any, double: Int, asked(times: Int): Int, slow: Int, row: Row, rows: [Row] }
    type Page { rows: [Row!]!, more: Boolean!, total: Int }
    interface Owner { page(first: Int): Page, name: String }
    type Cat implements Owner { page(first: Int): Page, name: String }
    type Dog implements Owner { page(first: Int): Page, name: String }
    interface Fruit { name: String, weight: Int }
    type Apple implements Fruit { name: String, weight: Int, red: Boolean }
    type Pear implements Fruit { name: String, weight: Int, soft: Int }
    type Query { page(first: Int): Page, owner: Owner, number: Int!, fruits: [Fruit] }
  `);
  const fruit = schema.getType('Fruit');
  if (!isInterfaceType(fruit)) throw new Error('There is no such interface.');
  fruit.extensions = TOLD_BY_ITS_OBJECT;
  fruit.resolveType = ({ kind }: { kind: string }) => kind;
  for (const type of ['Row', 'Page', 'Apple', 'Pear'].map((name) => schema.getType(name))) {
    if (!isObjectType(type)) throw new Error('There is no such type.');
    for (const field of Object.values(type.getFields())) field.extensions = exposing(field.name);
  }
  const row = schema.getType('Row');
  const page = schema.getType('Page');
  const cat = schema.getType('Cat');
  const query = schema.getQueryType();
  if (!isObjectType(row) || !isObjectType(page) || !isObjectType(cat) || !query) throw new Error('A type is missing.');
  Object.assign(row.getFields().double ?? {}, {
    resolve: ({ number }: { number: number | null }) => number && Math.trunc(number / 2),
    extensions: madeOf('number'),
  });
  Object.assign(row.getFields().slow ?? {}, { resolve: async () => 7, extensions: {} });
  Object.assign(page.getFields().total ?? {}, { resolve: async () => 3, extensions: {} });
  Object.assign(schema.getType('DateTime') ?? {}, { serialize: isoText, extensions: { plainText: true } });
  const resolve = (_object: unknown, { first }: { first?: number }, _context: unknown, info: { fieldName: string }) => {
    if (first === 13) throw new Error(`${info.fieldName} has no 13th row.`);
    return Promise.resolve({ rows: shown.list, more: true });
  };
  for (const type of [query, cat]) Object.assign(type.getFields().page ?? {}, { resolve });
  Object.assign(query.getFields().owner ?? {}, { resolve: () => ({ __typename: 'Cat', name: 'Tom' }) });
  Object.assign(query.getFields().number ?? {}, { resolve: () => 1 });
  Object.assign(query.getFields().fruits ?? {}, { resolve: () => FRUITS });
  return schema;
}

interface Answers {
  texts: CompiledQuery | null;
  written: string | undefined;
  plain: string;
}

async function answersOf(shown: Shown, text: string, variables = {}): Promise<Answers> {
  const schema = schemaWith(shown);
  const document = parse(text);
  const compiled = compile(schema, document);
  const texts = compiled && compileTexts(schema, document, compiled);
  const result = await texts?.run({}, variables);
  const plain = await execute({ schema, document, contextValue: {}, variableValues: variables });
  const { data = null, errors } = result ?? {};
  const body = { data, ...(errors ? { errors: errors.map((error) => error.toJSON()) } : {}) };
  const order = plain.errors ? { data: plain.data, errors: plain.errors } : plain;
  return { texts, written: result && texts?.stringify?.(body), plain: JSON.stringify(order) };
}

const LEAVES = 'id text must number ratio yes color at any double __typename';

const leaves = {
  id: fc.string({ unit: 'binary' }),
  text: fc.option(fc.string({ unit: 'binary', maxLength: 60 })),
  must: fc.string({ unit: 'binary' }),
  number: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  ratio: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  yes: fc.option(fc.boolean()),
  color: fc.option(fc.constantFrom('RED', 'BLUE')),
  at: fc.option(fc.integer({ min: 0, max: 4e12 })),
  any: fc.option(fc.jsonValue().filter((value) => value !== null)),
};
const small = fc.record({ ...leaves, row: fc.constant(null), rows: fc.constant(null) });
const large = fc.record({ ...leaves, row: fc.option(small), rows: fc.option(fc.array(fc.option(small))) });
const ROW = { id: 'a', must: 'b' };
const FRUITS = [
  { kind: 'Apple', name: 'a', weight: 1, red: true },
  null,
  { kind: 'Pear', name: 'b', weight: null, soft: 2 },
];

describe('a query whose pages are written as text', () => {
  it('says byte for byte what graphql-js and JSON.stringify say', async () => {
    const query = `{ number here: page(first: 2) { ...P list: rows { ${LEAVES} row { a: ${LEAVES} } rows { ${LEAVES} } } } }
      fragment P on Page { more ... on Page { more } }`;
    await fc.assert(
      fc.asyncProperty(fc.array(large), async (list) => {
        const { written, plain } = await answersOf({ list }, query);
        expect(written).toBe(plain);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['below an object', '{ owner { name page(first: 1) { rows { id } } ... on Cat { name } } }'],
    ['within a fragment of one type', '{ owner { ... on Cat { page { rows { id } } } name } }'],
    ['beside what must wait', '{ page { total rows { id } } number }'],
    ['with a variable', 'query ($n: Int = 4) { page(first: $n) { rows { id } } }'],
    ['that is left out', 'query ($no: Boolean = true) { page @skip(if: $no) { rows { id } } number }'],
    ['of an interface', '{ fruits { __typename name weight } number }'],
    ['of an interface with what one type has', '{ fruits { name ... on Pear { soft } ... on Fruit { weight } } }'],
    ['twice under two names', '{ a: page { rows { id } } b: page { rows { must } } }'],
  ])('has a page %s', async (_where, query) => {
    const { texts, written, plain } = await answersOf({ list: [ROW] }, query);
    expect(texts).not.toBeNull();
    expect(written).toBe(plain);
  });

  it.each([
    ['null where there must be something', { id: 'a', must: null }],
    ['a strange value of an enum', { ...ROW, color: 'GREEN' }],
    ['a fraction in an Int', { ...ROW, number: 1.5 }],
    ['an error', { ...ROW, text: new Error('no text') }],
  ])('tells of %s by its place', async (_what, bad) => {
    const { written, plain } = await answersOf(
      { list: [ROW, bad] },
      `{ page { rows { ${LEAVES} rows { id } } } number }`,
    );
    expect(JSON.parse(plain).errors).toHaveLength(1);
    expect(JSON.parse(written ?? '')).toEqual(JSON.parse(plain));
  });

  it('takes values of other types as GraphQL does', async () => {
    const list = [{ id: 5, must: 6, text: true, number: '7', yes: 1 }];
    const { written, plain } = await answersOf({ list }, '{ page { rows { id must text number yes } } }');
    expect(plain).not.toContain('errors');
    expect(written).toBe(plain);
  });

  it('tells what a resolver throws, and what else there is', async () => {
    const { written, plain } = await answersOf({ list: [ROW] }, '{ bad: page(first: 13) { more } page { more } }');
    expect(plain).toContain('page has no 13th row.');
    expect(JSON.parse(written ?? '')).toEqual(JSON.parse(plain));
  });

  it.each([
    ['a resolver that waits', '{ page { rows { slow } } }'],
    ['arguments', '{ page { rows { asked(times: 2) } } }'],
    ['a directive', 'query ($no: Boolean!) { page { rows { id @skip(if: $no) } } }'],
    ['two selections to be put together', '{ page { rows { id } } page { rows { must } } }'],
  ])('is none where the rows have %s', async (_what, query) => {
    expect((await answersOf({ list: [] }, query, { no: true })).texts).toBeNull();
  });

  it('leaves the schema as it is', async () => {
    const schema = schemaWith({ list: [] });
    const document = parse('{ page { rows { id } } owner { page { more } } }');
    const compiled = compile(schema, document);
    if (compiled) compileTexts(schema, document, compiled);
    const names = ['Query', 'Cat', 'Dog'].map((name) => {
      const type = schema.getType(name);
      return isObjectType(type) ? Object.keys(type.getFields()) : [];
    });
    expect(names).toEqual([
      ['page', 'owner', 'number', 'fruits'],
      ['page', 'name'],
      ['page', 'name'],
    ]);
  });
});
