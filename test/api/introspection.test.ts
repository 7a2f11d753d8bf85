import { getIntrospectionQuery, getNamedType, isInterfaceType, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/schema/schema.js';
import { startTestServer, type TestServer } from '../kit/server.js';

interface Answer {
  data?: { __schema?: { types: { name: string }[] }; rateLimit?: { cost: number; remaining: number } };
  errors?: { message: string; extensions: { code: string } }[];
}

const OPTIONS = [
  'descriptions',
  'specifiedByUrl',
  'directiveIsRepeatable',
  'schemaDescription',
  'inputValueDeprecation',
  'oneOf',
] as const;
const EVERYTHING = Object.fromEntries(OPTIONS.map((name) => [name, true]));
const WHOLE = getIntrospectionQuery(EVERYTHING);
const [HEAD = '', ...FRAGMENTS] = WHOLE.split(/(?=fragment )/);
/** What it asks for at the root. */
const SCHEMA = HEAD.slice(HEAD.indexOf('__schema'), HEAD.lastIndexOf('}'));
/** With what it cost besides. */
const priced = (query: string): string => query.replace('{', '{ rateLimit { cost remaining }');

/** As deep as the rule on the depth of introspection lets it. */
const WIDE = '{ types { possibleTypes { fields { name description args { name type { name } } } } fields { name } } }';

describe('introspection', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    return (await server.post({ query, variables })).body as Answer;
  }
  const codeOf = ({ errors }: Answer): string | undefined => errors?.[0]?.extensions.code;
  async function costOf(query: string, variables: Record<string, unknown> = {}): Promise<number> {
    const answer = await ask(priced(query), variables);
    return answer.data?.rateLimit?.cost ?? Number.NaN;
  }

  it.each([{}, EVERYTHING, ...OPTIONS.flatMap((name) => [{ [name]: true }, { ...EVERYTHING, [name]: false }])])(
    'of the whole schema is answered, as tools ask for it: %j',
    async (options) => {
      const answer = await ask(getIntrospectionQuery(options));
      expect(answer.errors).toBeUndefined();
      expect(answer.data?.__schema?.types.length).toBeGreaterThan(100);
    },
  );

  it('costs what it answers: the whole schema thousands, one type little', async () => {
    const whole = await costOf(WHOLE);
    expect(whole).toBeGreaterThan(10_000);
    expect(whole).toBeLessThan(100_000);
    expect(await costOf('{ __schema { types { name } } }')).toBeGreaterThan(
      Object.keys(buildSchema().getTypeMap()).length,
    );
    const job = 'query ($name: String!) { __type(name: $name) { kind fields { name } } }';
    expect(await costOf(job, { name: 'Job' })).toBeLessThan(200);
    expect(await costOf(job, { name: 'NoSuchType' })).toBeLessThan(10);
    expect(await costOf('{ serverInfo { version } }')).toBeLessThan(10);
  });

  it.each([
    ['twice', `{ first: ${SCHEMA} second: ${SCHEMA} } ${FRAGMENTS.join('')}`],
    ['by fifteen aliases', `{ ${Array.from({ length: 15 }, (_, index) => `a${index}: __schema ${WIDE}`).join(' ')} }`],
    [
      'inside of itself',
      `{ __schema { types { fields { type { ...A } b: type { ...A } c: type { ...A } args { type { ...A } } } } } }
       fragment A on __Type { name kind fields { name description isDeprecated type { name kind ofType { name kind } } } }`,
    ],
    [
      'by fragments that double each other',
      `{ __schema { types { ...A x: possibleTypes { ...A } y: possibleTypes { ...A } } } }
       fragment A on __Type { a: fields { ...B } b: fields { ...B } c: fields { ...B } d: fields { ...B } }
       fragment B on __Field { ...C } fragment C on __Field { name type { ...D } e: type { ...D } f: type { ...D } }
       fragment D on __Type { name kind description }`,
    ],
    [
      'by fifty names for one list',
      `{ __schema { types { ${Array.from({ length: 50 }, (_, index) => `a${index}: fields { name description }`).join(' ')} } } }`,
    ],
  ])('of more than the whole schema is refused: %s', async (_how, query) => {
    expect(codeOf(await ask(query))).toBe('LIMIT_EXCEEDED');
  });

  it('that is refused is paid for: what it would have told was counted', async () => {
    const left = async (): Promise<number> => {
      const { data } = await ask('{ rateLimit { cost remaining } }');
      return data?.rateLimit?.remaining ?? Number.NaN;
    };
    await ask(WHOLE);
    const before = await left();
    await ask(`{ a: __schema ${WIDE} b: __schema ${WIDE} c: __schema ${WIDE} }`);
    expect(await left()).toBeLessThan(before - 5_000);
  });

  it('can begin at the root only: no field answers the query type', () => {
    const schema = buildSchema();
    const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) || isInterfaceType(type));
    const fields = types.flatMap((type) => Object.values(type.getFields()));
    expect(fields.filter((field) => getNamedType(field.type) === schema.getQueryType())).toEqual([]);
  });
});
