import {
  type GraphQLEnumValue,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
} from 'graphql';

/** Something in the schema that has a name and ought to have a description. */
export interface Part {
  /** Where it is: `Job`, `Job.key`, `Query.jobs(filter:)`. */
  place: string;
  name: string;
  kind: 'type' | 'field' | 'argument' | 'value';
  description: string | null;
  deprecation: string | null;
}

export interface OutputField {
  /** `Job.key`. */
  place: string;
  owner: string;
  field: GraphQLField<unknown, unknown>;
}

/** The types that are ours: introspection and the scalars of the language are GraphQL's. */
export function ownTypes(schema: GraphQLSchema) {
  const builtIn = new Set(['String', 'Int', 'Float', 'Boolean', 'ID']);
  return Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__') && !builtIn.has(name));
}

/** Every field that can be selected. */
export function outputFields(schema: GraphQLSchema): OutputField[] {
  return ownTypes(schema)
    .filter((type) => isObjectType(type) || isInterfaceType(type))
    .flatMap((type) =>
      Object.values(type.getFields()).map((field) => ({
        place: `${type.name}.${field.name}`,
        owner: type.name,
        field,
      })),
    );
}

const deprecationOf = (part: { deprecationReason?: string | null | undefined }): string | null =>
  part.deprecationReason ?? null;

function valuePart(owner: string, value: GraphQLEnumValue): Part {
  const { name, description = null } = value;
  return { place: `${owner}.${name}`, name, kind: 'value', description, deprecation: deprecationOf(value) };
}

function fieldParts({ place, field }: OutputField): Part[] {
  const { name, description = null } = field;
  const own: Part = { place, name, kind: 'field', description, deprecation: deprecationOf(field) };
  return [
    own,
    ...field.args.map(
      (argument): Part => ({
        place: `${place}(${argument.name}:)`,
        name: argument.name,
        kind: 'argument',
        description: argument.description ?? null,
        deprecation: deprecationOf(argument),
      }),
    ),
  ];
}

/** Every type, field, argument, input field and enum value. */
export function parts(schema: GraphQLSchema): Part[] {
  const types = ownTypes(schema).map((type): Part => {
    const { name, description = null } = type;
    return { place: name, name, kind: 'type', description, deprecation: null };
  });
  const values = ownTypes(schema)
    .filter(isEnumType)
    .flatMap((type) => type.getValues().map((value) => valuePart(type.name, value)));
  const inputs = ownTypes(schema)
    .filter(isInputObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).map((field): Part => {
        const { name, description = null } = field;
        return { place: `${type.name}.${name}`, name, kind: 'field', description, deprecation: deprecationOf(field) };
      }),
    );
  return [...types, ...outputFields(schema).flatMap(fieldParts), ...values, ...inputs];
}

/** The fields of one of the three roots. */
export function rootFields(type: GraphQLObjectType | null | undefined): GraphQLField<unknown, unknown>[] {
  return Object.values(type?.getFields() ?? {});
}

/** Every root field of the schema. */
export function allRootFields(schema: GraphQLSchema): GraphQLField<unknown, unknown>[] {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(rootFields);
}

export const isConnection = (field: GraphQLField<unknown, unknown>): boolean =>
  getNamedType(field.type).name.endsWith('Connection');

export const isPlainList = (field: GraphQLField<unknown, unknown>): boolean => isListType(getNullableType(field.type));

export const argumentNames = (field: GraphQLField<unknown, unknown>): string[] => field.args.map(({ name }) => name);
