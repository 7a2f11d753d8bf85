import {
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  getNamedType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { plainField } from './plain-field.js';

type Fragments = GraphQLResolveInfo['fragments'];

/** The fields that are asked for, whatever `@skip` and `@include` will say, in one list. */
function fieldsOf(selection: SelectionSetNode | undefined, fragments: Fragments): FieldNode[] {
  return (selection?.selections ?? []).flatMap((node) => {
    if (node.kind === Kind.FIELD) return [node];
    const { selectionSet } = node.kind === Kind.INLINE_FRAGMENT ? node : (fragments[node.name.value] ?? {});
    return fieldsOf(selectionSet, fragments);
  });
}

const typeOfField = (type: GraphQLNamedType, name: string): GraphQLNamedType | null => {
  const field = isObjectType(type) ? type.getFields()[name] : undefined;
  return field ? getNamedType(field.type) : null;
};

/** The properties behind a field of an object; null when it is worked out from who knows what. */
function readBy(type: GraphQLNamedType, name: string): readonly string[] | null {
  const field = isObjectType(type) ? type.getFields()[name] : undefined;
  return (field && plainField(field)?.properties) ?? null;
}

/** The properties behind the fields of an object; null when one of them is worked out from who knows what. */
function propertiesOf(type: GraphQLNamedType, fields: readonly FieldNode[]): string[] | null {
  const names = fields.map(({ name }) => name.value).filter((name) => name !== '__typename');
  const properties = names.map((name) => readBy(type, name));
  return properties.every((some) => some !== null) ? [...new Set(properties.flat())] : null;
}

/** The fields of the objects of a page, by `edges { node }` and `nodes`, with their type. */
function nodesOf(connection: GraphQLNamedType, field: FieldNode, fragments: Fragments) {
  const found: { type: GraphQLNamedType; fields: FieldNode[] }[] = [];
  const add = (type: GraphQLNamedType | null, { selectionSet }: FieldNode): void => {
    if (type) found.push({ type, fields: fieldsOf(selectionSet, fragments) });
  };
  for (const list of fieldsOf(field.selectionSet, fragments)) {
    const type = typeOfField(connection, list.name.value);
    if (list.name.value === 'nodes') add(type, list);
    if (list.name.value !== 'edges' || !type) continue;
    for (const edge of fieldsOf(list.selectionSet, fragments)) {
      if (edge.name.value === 'node') add(typeOfField(type, 'node'), edge);
    }
  }
  return found;
}

function workOut({ fieldNodes, returnType, fragments }: GraphQLResolveInfo): readonly string[] | null {
  const nodes = fieldNodes.flatMap((field) => nodesOf(getNamedType(returnType), field, fragments));
  const properties = nodes.map(({ type, fields }) => propertiesOf(type, fields));
  return properties.every((some) => some !== null) ? [...new Set(['id', ...properties.flat()])] : null;
}

const known = new WeakMap<readonly FieldNode[], readonly string[] | null>();

/**
 * The properties that the objects of a connection's page need to have for the fields they are asked for, from within
 * its resolver; null = all of them. The id is among them: by it types are told. A plain field (plain-field.ts) says what it reads, and any other one may need all.
 */
export function pageColumns<T>(info: GraphQLResolveInfo): readonly (keyof T & string)[] | null {
  let columns = known.get(info.fieldNodes);
  if (columns === undefined) {
    columns = workOut(info);
    known.set(info.fieldNodes, columns);
  }
  // What `expose` takes is a property of the type behind the object.
  return columns as readonly (keyof T & string)[] | null;
}
