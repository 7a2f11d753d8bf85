import {
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  GraphQLNonNull,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLScalarType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { standsFor } from '../schema/selection.js';
import { type Fragments, type TextWriter, textWriter } from './text-writer.js';

/** A value of the result that is written as JSON already. */
class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The message of the error that stands where a value could not be written: the operation is then executed otherwise. */
export const UNWRITABLE = 'A value could not be written as text.';

/** Where in a result the texts stand: by response names. */
export type TextPlaces = ReadonlyMap<string, TextPlaces | 'text'>;

/** A document some fields of which resolve to texts, and the fields that the schema needs for it. */
export interface TextDocument {
  readonly document: DocumentNode;
  readonly places: TextPlaces;
  readonly added: readonly { readonly type: GraphQLObjectType; readonly field: Field }[];
}

type Field = GraphQLField<unknown, unknown>;

/** A scalar that takes any value and is the text of it. */
function textScalar(name: string, write: TextWriter): GraphQLScalarType {
  const serialize = (value: unknown): JsonText => {
    try {
      return new JsonText(write(value));
    } catch {
      throw new TypeError(UNWRITABLE);
    }
  };
  return new GraphQLScalarType({ name, serialize });
}

/** A field that resolves as another one and is shown by a scalar. Its resolver is told of the field that was asked for. */
function textField(type: GraphQLObjectType, original: Field, node: FieldNode, scalar: GraphQLScalarType): Field {
  const { name: fieldName, type: returnType } = original;
  const resolve = original.resolve ?? ((object) => Object(object)[fieldName]);
  const asked = { fieldName, returnType, parentType: type, fieldNodes: [node] };
  return {
    ...original,
    name: scalar.name,
    type: isNonNullType(returnType) ? new GraphQLNonNull(scalar) : scalar,
    resolve: (object, args, context, info: GraphQLResolveInfo) => resolve(object, args, context, { ...info, ...asked }),
  };
}

/** The response names that stand more than once in a document: such fields may have to be put together. */
function repeatedNames(document: DocumentNode): ReadonlySet<string> {
  const [once, again] = [new Set<string>(), new Set<string>()];
  const Field = ({ alias, name }: FieldNode): void => {
    const response = (alias ?? name).value;
    if (once.has(response)) again.add(response);
    once.add(response);
  };
  visit(document, { Field });
  return again;
}

/** Looks for the fields of an operation that can be written as text, from the root down to the first list. */
class TextFields {
  readonly added: { type: GraphQLObjectType; field: Field }[] = [];
  readonly #schema: GraphQLSchema;
  readonly #fragments: Fragments;
  readonly #repeated: ReadonlySet<string>;
  #count = 0;

  constructor(schema: GraphQLSchema, document: DocumentNode, fragments: Fragments) {
    this.#schema = schema;
    this.#fragments = fragments;
    this.#repeated = repeatedNames(document);
  }

  /** A selection set with such fields in the place of those, of objects of these types. */
  selection(
    types: readonly GraphQLObjectType[],
    set: SelectionSetNode,
    places: Map<string, TextPlaces | 'text'>,
  ): SelectionSetNode {
    const selections = set.selections.map((node): SelectionNode => {
      if (node.kind === Kind.FIELD) return this.#field(types, node, places);
      if (node.kind === Kind.FRAGMENT_SPREAD) return node;
      const condition = node.typeCondition?.name.value;
      const narrowed = condition === undefined ? types : this.#typesOf(condition);
      return { ...node, selectionSet: this.selection(narrowed, node.selectionSet, places) };
    });
    return { ...set, selections };
  }

  #typesOf(name: string): readonly GraphQLObjectType[] {
    const type = this.#schema.getType(name);
    if (isAbstractType(type)) return this.#schema.getPossibleTypes(type);
    return isObjectType(type) ? [type] : [];
  }

  #field(types: readonly GraphQLObjectType[], node: FieldNode, places: Map<string, TextPlaces | 'text'>): FieldNode {
    const response = node.alias?.value ?? node.name.value;
    const fields = types.flatMap((type) => {
      const field = type.getFields()[node.name.value];
      return field ? [{ type, field }] : [];
    });
    const [first] = fields;
    const alike = first && fields.every(({ field }) => String(field.type) === String(first.field.type));
    if (!alike || !node.selectionSet || this.#repeated.has(response)) return node;
    const write = textWriter(
      this.#schema,
      new GraphQLNonNull(getNullableType(first.field.type)),
      node,
      this.#fragments,
    );
    if (!write) return this.#below(first.field, node, response, places);
    this.#count += 1;
    const scalar = textScalar(`Text__${this.#count}`, write);
    for (const { type, field } of fields) this.added.push({ type, field: textField(type, field, node, scalar) });
    places.set(response, 'text');
    const { selectionSet, ...rest } = node;
    const name = { kind: Kind.NAME, value: scalar.name } as const;
    const standing = { ...rest, alias: { kind: Kind.NAME, value: response } as const, name };
    standsFor(standing, node);
    return standing;
  }

  /** The same field with its own selection looked through. */
  #below({ type }: Field, node: FieldNode, response: string, places: Map<string, TextPlaces | 'text'>): FieldNode {
    const named = getNamedType(type);
    if (isListType(getNullableType(type)) || !isCompositeType(named) || !node.selectionSet) return node;
    const inner = new Map<string, TextPlaces | 'text'>();
    const selectionSet = this.selection(this.#typesOf(named.name), node.selectionSet, inner);
    if (inner.size === 0) return node;
    places.set(response, inner);
    return { ...node, selectionSet };
  }
}

/**
 * Puts into a query's document, wherever the objects below a field need no resolvers of their own (the pages of lists),
 * a field that resolves to the JSON of them all at once. Null where there is none.
 */
export function textDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): TextDocument | null {
  const root = schema.getQueryType();
  if (!root) return null;
  const fragments: Record<string, Fragments[string]> = {};
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments[node.name.value] = node;
  const found = new TextFields(schema, document, fragments);
  const places = new Map<string, TextPlaces | 'text'>();
  const selectionSet = found.selection([root], operation.selectionSet, places);
  if (found.added.length === 0) return null;
  const definitions = document.definitions.map((node) => (node === operation ? { ...operation, selectionSet } : node));
  return { document: { ...document, definitions }, places, added: found.added };
}

/** Does something while a schema has the fields of a document: at once, so that nobody else sees them. */
export function withFields<T>({ added }: TextDocument, work: () => T): T {
  for (const { type, field } of added) type.getFields()[field.name] = field;
  try {
    return work();
  } finally {
    for (const { type, field } of added) delete type.getFields()[field.name];
  }
}

/** Writes a result's data as JSON, with its texts where they stand. */
export function writeWithTexts(value: unknown, places: TextPlaces): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  let text = '{';
  for (const [name, inner] of Object.entries(value)) {
    const place = places.get(name);
    const own =
      inner instanceof JsonText
        ? inner.text
        : place instanceof Map
          ? writeWithTexts(inner, place)
          : JSON.stringify(inner);
    if (own !== undefined) text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:${own}`;
  }
  return `${text}}`;
}
