import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getArgumentValues,
  getIntrospectionQuery,
  getNamedType,
  getVariableValues,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;
type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** So many characters of a text weigh as much as a value: descriptions are most of what introspection sends. */
const CHARACTERS = 64;
/** How much more than the whole schema one operation may read of it. */
const SLACK = 1.25;

const META_FIELDS: ReadonlyMap<string, GraphQLField<unknown, unknown>> = new Map(
  [SchemaMetaFieldDef, TypeMetaFieldDef].map((field) => [field.name, field]),
);

/** The fields of a selection set with its fragments put in, each fragment once, as the execution takes them. */
function* fieldsOf(set: SelectionSetNode, fragments: Fragments, seen = new Set<string>()): Generator<FieldNode> {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) yield selection;
    else if (selection.kind === Kind.INLINE_FRAGMENT) yield* fieldsOf(selection.selectionSet, fragments, seen);
    else if (!seen.has(selection.name.value)) {
      seen.add(selection.name.value);
      const fragment = fragments.get(selection.name.value);
      if (fragment) yield* fieldsOf(fragment.selectionSet, fragments, seen);
    }
  }
}

/** Walks what introspection answers and counts its values, until there are too many. */
class Count {
  total = 0;
  readonly #info: GraphQLResolveInfo;
  readonly #fragments: Fragments;
  readonly #variables: Variables;
  readonly #most: number;
  /** The fields of a selection set, found once: it is walked for each type or field of the schema. */
  readonly #fields = new Map<SelectionSetNode, readonly FieldNode[]>();

  constructor(schema: GraphQLSchema, fragments: Fragments, variables: Variables, most: number) {
    // The schema is all that the fields of introspection want to know of where they stand.
    this.#info = { schema } as GraphQLResolveInfo;
    this.#fragments = fragments;
    this.#variables = variables;
    this.#most = most;
  }

  add(node: FieldNode, field: GraphQLField<unknown, unknown>, source: unknown): void {
    const value: unknown = field.resolve?.(source, getArgumentValues(field, node, this.#variables), null, this.#info);
    const type = getNamedType(field.type);
    this.#addValue(isObjectType(type) ? type : null, node.selectionSet, value);
  }

  #addValue(type: GraphQLObjectType | null, set: SelectionSetNode | undefined, value: unknown): void {
    this.total += 1;
    if (typeof value === 'string') this.total += Math.floor(value.length / CHARACTERS);
    else if (Array.isArray(value)) for (const item of value) this.#addValue(type, set, item);
    else if (type && set && value != null) this.#addFields(type, set, value);
  }

  #addFields(type: GraphQLObjectType, set: SelectionSetNode, value: unknown): void {
    const fields = type.getFields();
    for (const node of this.#fieldsOf(set)) {
      if (this.total > this.#most) return;
      const field = fields[node.name.value];
      if (field) this.add(node, field, value);
      else this.total += 1;
    }
  }

  #fieldsOf(set: SelectionSetNode): readonly FieldNode[] {
    const known = this.#fields.get(set);
    if (known) return known;
    const found = [...fieldsOf(set, this.#fragments)];
    this.#fields.set(set, found);
    return found;
  }
}

/** Where an operation reads the schema. */
export interface Introspection {
  readonly operation: OperationDefinitionNode;
  readonly fields: readonly FieldNode[];
  readonly fragments: Fragments;
}

/** Where a query reads the schema; null when it does not. Only its root can: no field answers the query type. */
export function introspectionIn(
  operation: OperationDefinitionNode,
  fragments: readonly FragmentDefinitionNode[],
): Introspection | null {
  const byName: Fragments = new Map(fragments.map((node) => [node.name.value, node]));
  const fields = [...fieldsOf(operation.selectionSet, byName)].filter(({ name }) => META_FIELDS.has(name.value));
  return fields.length === 0 ? null : { operation, fields, fragments: byName };
}

/**
 * Says what introspection costs: 1 for each value that it answers, and 1 for each 64 characters of text. Its lists have
 * no pages, and a few lines can ask for all fields of all types many times over: so it is counted, by the resolvers
 * themselves, and what is more than the whole schema once is not counted further.
 */
export class IntrospectionMeter {
  readonly #schema: GraphQLSchema;
  #most: number | null = null;

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** The most that one operation may read: the whole schema as tools ask for it, and a quarter more. */
  get most(): number {
    this.#most ??= Math.ceil(this.#whole() * SLACK);
    return this.#most;
  }

  /**
   * What it costs with these variables, which are of their types; little more than `most` when it is more. Null when it
   * is more than `budget`: nothing is counted that is not paid for.
   */
  cost(introspection: Introspection, variables: Variables, budget: number): number | null {
    const cost = this.#count(introspection, variables, Math.min(this.most, budget));
    return cost > budget ? null : cost;
  }

  #count({ operation, fields, fragments }: Introspection, variables: Variables, most: number): number {
    const { coerced = {} } = getVariableValues(this.#schema, operation.variableDefinitions ?? [], variables);
    const count = new Count(this.#schema, fragments, coerced, most);
    for (const node of fields) {
      const field = META_FIELDS.get(node.name.value);
      if (field) count.add(node, field, undefined);
    }
    return count.total;
  }

  #whole(): number {
    const options = { descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true };
    const query = getIntrospectionQuery({ ...options, inputValueDeprecation: true, oneOf: true });
    const nodes = parse(query).definitions;
    const fragments = nodes.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
    const operation = nodes.find((node) => node.kind === Kind.OPERATION_DEFINITION);
    const found = operation && introspectionIn(operation, fragments);
    return found ? this.#count(found, {}, Number.POSITIVE_INFINITY) : 0;
  }
}
