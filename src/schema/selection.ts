import {
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { plainField } from './plain-field.js';

type Fragments = GraphQLResolveInfo['fragments'];

const askedAs = new WeakMap<FieldNode, FieldNode>();

/** Says that a field of a changed document stands in the place of another one, which is what was asked for. */
export function standsFor(node: FieldNode, asked: FieldNode): void {
  askedAs.set(node, asked);
}

/** The fields that are asked for, whatever `@skip` and `@include` will say, in one list. */
function fieldsOf(selection: SelectionSetNode | undefined, fragments: Fragments): FieldNode[] {
  return (selection?.selections ?? []).flatMap((node) => {
    if (node.kind === Kind.FIELD) return [askedAs.get(node) ?? node];
    const { selectionSet } = node.kind === Kind.INLINE_FRAGMENT ? node : (fragments[node.name.value] ?? {});
    return fieldsOf(selectionSet, fragments);
  });
}

/** A field of an object, or one that all objects of an interface have. */
const fieldOf = (type: GraphQLNamedType, name: string) =>
  isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;

const typeOfField = (type: GraphQLNamedType, name: string): GraphQLNamedType | null => {
  const field = fieldOf(type, name);
  return field ? getNamedType(field.type) : null;
};

/** The properties behind a field of an object; null when it is worked out from who knows what. */
function readBy(type: GraphQLNamedType, name: string): readonly string[] | null {
  const field = fieldOf(type, name);
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

/** What is looked at of a field that is resolved. */
type Asked = Pick<GraphQLResolveInfo, 'fieldNodes' | 'returnType' | 'fragments'>;

const isConditional = (selection: SelectionSetNode | undefined, fragments: Fragments): boolean =>
  (selection?.selections ?? []).some((node) => {
    if (node.directives?.length) return true;
    if (node.kind === Kind.FIELD) return false;
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments[node.name.value];
    return isConditional(fragment?.selectionSet, fragments);
  });

/** The fields of the object that a field leads to, in one list; null where directives have a say in which. */
export function fieldsBelow({ fieldNodes, fragments }: Asked): FieldNode[] | null {
  if (fieldNodes.some(({ selectionSet }) => isConditional(selectionSet, fragments))) return null;
  return fieldNodes.flatMap(({ selectionSet }) => fieldsOf(selectionSet, fragments));
}

function workOut({ fieldNodes, returnType, fragments }: Asked): readonly string[] | null {
  const nodes = fieldNodes.flatMap((field) => nodesOf(getNamedType(returnType), field, fragments));
  const properties = nodes.map(({ type, fields }) => propertiesOf(type, fields));
  return properties.every((some) => some !== null) ? [...new Set(['id', ...properties.flat()])] : null;
}

const known = new WeakMap<readonly FieldNode[], readonly string[] | null>();

/**
 * The properties that the objects of a connection's page need to have for the fields they are asked for, from within
 * its resolver; null = all of them. The id is among them: by it types are told. A plain field (plain-field.ts) says what it reads, and any other one may need all.
 */
export function pageColumns<T>(info: Asked): readonly (keyof T & string)[] | null {
  let columns = known.get(info.fieldNodes);
  if (columns === undefined) {
    columns = workOut(info);
    known.set(info.fieldNodes, columns);
  }
  // What `expose` takes is a property of the type behind the object.
  return columns as readonly (keyof T & string)[] | null;
}
