import fc from 'fast-check';
import { buildSchema, execute, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/http/compile.js';

const schema = buildSchema(`
  scalar DateTime
  enum Color { RED BLUE }
  interface Named { name: String }
  type Cat implements Named { name: String, lives: Int }
  type Dog implements Named { name: String, owner: [Row!] }
  union Pet = Cat | Dog
  type Row { id: ID!, text: String, number: Int, ratio: Float, yes: Boolean, color: Color, rows: [Row], at: DateTime }
  type Query { rows: [Row!]!, row: Row, pets: [Pet!], named: Named, at: DateTime }
`);

const leaf = {
  id: fc.string({ unit: 'binary' }),
  text: fc.option(fc.string({ unit: 'binary', maxLength: 100 })),
  number: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  ratio: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  yes: fc.option(fc.boolean()),
  color: fc.option(fc.constantFrom('RED', 'BLUE')),
};
const row = fc.record({
  ...leaf,
  rows: fc.option(fc.array(fc.option(fc.record({ ...leaf, rows: fc.constant(null) })))),
});

describe('a compiled query', () => {
  it('says byte for byte what graphql-js and JSON.stringify say', () => {
    const fields = 'id text number ratio yes color';
    const document = parse(
      `query Q($with: Boolean!) { rows { ${fields} rows { ${fields} @include(if: $with) } } row { n: text __typename } }`,
    );
    const compiled = compile(schema, document);
    fc.assert(
      fc.property(fc.array(row), fc.option(row), fc.boolean(), (rows, one, yes) => {
        const rootValue = { rows, row: one };
        const context = {};
        const resolved = compile(schemaWith(rootValue), document)?.run(context, { with: yes });
        const plain = execute({ schema, document, rootValue, variableValues: { with: yes } });
        if (resolved === undefined || resolved instanceof Promise || plain instanceof Promise)
          throw new Error('not at once');
        const text = JSON.stringify(plain);
        expect(compiled?.stringify?.({ data: resolved.data ?? null })).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['a union', '{ pets { ... on Cat { name } ... on Dog { owner { id } } } }'],
    ['an interface', '{ named { name } }'],
    ['a scalar of our own', '{ at }'],
    ['one deep inside', '{ rows { rows { at } } }'],
    ['one in a fragment', '{ rows { ...F } } fragment F on Row { at }'],
  ])('with %s is written by JSON.stringify', (_what, query) => {
    expect(compile(schema, parse(query))).toMatchObject({ stringify: null });
  });

  it('is not made of a document that names a field __proto__', () => {
    expect(compile(schema, parse('{ row { __proto__: text } }'))).toBeNull();
  });
});

/** The schema with resolvers that give these values. */
function schemaWith(root: { rows: unknown; row: unknown }): typeof schema {
  const fields = schema.getQueryType()?.getFields();
  if (fields?.rows && fields.row) {
    fields.rows.resolve = () => root.rows;
    fields.row.resolve = () => root.row;
  }
  return schema;
}
