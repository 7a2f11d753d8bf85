import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from 'graphql';

type Field = GraphQLField<unknown, unknown>;

/** The kind of operation that a root field belongs to. */
export function operationOf(schema: GraphQLSchema, name: string): 'query' | 'mutation' | 'subscription' {
  if (schema.getQueryType()?.getFields()[name]) return 'query';
  return schema.getMutationType()?.getFields()[name] ? 'mutation' : 'subscription';
}

function rootField(schema: GraphQLSchema, name: string): Field {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const found = roots.map((root) => root?.getFields()[name]).find((field) => field !== undefined);
  if (!found) throw new Error(`There is no root field "${name}".`);
  return found;
}

function selectField(schema: GraphQLSchema, field: Field, depth: number): string {
  if (field.args.some(isRequiredArgument)) return '';
  const type = getNamedType(field.type);
  if (isLeafType(type)) return field.name;
  return depth > 0 ? `${field.name} { ${selection(schema, type, depth - 1)} }` : '';
}

/** Everything of a type that can be had without arguments, down to a depth; of each member of a union or interface. */
function selection(schema: GraphQLSchema, type: GraphQLNamedType, depth: number): string {
  const members = isAbstractType(type) ? schema.getPossibleTypes(type) : [];
  // Members' fields of one name may differ in type: only what the type itself names is taken of an interface.
  const inner = isUnionType(type)
    ? members.map((member) => `... on ${member.name} { ${selection(schema, member, depth)} }`)
    : [];
  const own = isObjectType(type) || !isUnionType(type) ? fieldsOf(type) : [];
  const picked = own.map((field) => selectField(schema, field, depth)).filter((text) => text !== '');
  return ['__typename', ...picked, ...inner].join(' ');
}

function fieldsOf(type: GraphQLNamedType): Field[] {
  return 'getFields' in type ? (Object.values(type.getFields()) as Field[]) : [];
}

/** A document that calls one root field with these arguments as variables, and selects what it answers. */
export function documentOf(schema: GraphQLSchema, name: string, given: readonly string[], depth = 2): string {
  const field = rootField(schema, name);
  const taken = field.args.filter((argument) => given.includes(argument.name));
  const variables = taken.map((argument) => `$${argument.name}: ${argument.type}`).join(', ');
  const args = taken.map((argument) => `${argument.name}: $${argument.name}`).join(', ');
  const head = variables === '' ? '' : `(${variables})`;
  const call = args === '' ? name : `${name}(${args})`;
  const type = getNamedType(field.type);
  const body = isLeafType(type) ? '' : ` { ${selection(schema, type, depth)} }`;
  return `${operationOf(schema, name)} Sample${head} { ${call}${body} }`;
}
