import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { isToldByItsObject, plainField } from '../schema/plain-field.js';
import { leafWriter } from './text-leaf.js';

/** Writes a value of a type, as far as a selection asks for it, as JSON. Throws where the value is not as the type says. */
export type TextWriter = (value: unknown) => string;

export type Fragments = Readonly<Record<string, FragmentDefinitionNode>>;

/** Whether objects of a type fit the condition of a fragment. */
function fits(schema: GraphQLSchema, type: GraphQLObjectType, condition: string | undefined): boolean {
  if (condition === undefined || condition === type.name) return true;
  const other = schema.getType(condition);
  return isAbstractType(other) && schema.isSubType(other, type);
}

/**
 * The fields that are asked for, by their response names; null where that depends on more than the document, or where
 * two selections would have to be put together.
 */
function selectedFields(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  selection: SelectionSetNode,
  fragments: Fragments,
  found: Map<string, FieldNode>,
): Map<string, FieldNode> | null {
  for (const node of selection.selections) {
    if (node.directives?.length) return null;
    if (node.kind === Kind.FIELD) {
      const name = node.alias?.value ?? node.name.value;
      if (found.has(name) && node.selectionSet) return null;
      found.set(name, node);
      continue;
    }
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments[node.name.value];
    if (!fragment || fragment.directives?.length) return null;
    if (!fits(schema, type, fragment.typeCondition?.name.value)) continue;
    if (!selectedFields(schema, type, fragment.selectionSet, fragments, found)) return null;
  }
  return found;
}

/** What is neither null nor an object whose fields can be read at once. */
function notPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null || value instanceof Error || 'then' in value;
}

function refuse(): never {
  throw new TypeError('A value is not as its type says.');
}

/** A piece of a program that makes a text: text as it stands, or an expression. */
type Piece = { readonly text: string } | { readonly code: string };

/** The source of a program that writes values, and what it refers to. */
class Source {
  readonly #schema: GraphQLSchema;
  readonly #fragments: Fragments;
  readonly #values: unknown[] = [notPlain, refuse];
  readonly #names = ['notPlain', 'refuse'];
  #functions = '';

  constructor(schema: GraphQLSchema, fragments: Fragments) {
    this.#schema = schema;
    this.#fragments = fragments;
  }

  /** The program whose pieces write `value`. */
  compile(pieces: readonly Piece[]): TextWriter {
    const body = `"use strict";${this.#functions} return function (value) { return ${expressionOf(pieces)}; };`;
    // The names in it are GraphQL's or ours, and texts are quoted: nothing of a document becomes program.
    return new Function(...this.#names, body)(...this.#values);
  }

  /**
   * The pieces that write what an expression gives, after some text; null where a field cannot be read at once. Few
   * pieces make little garbage: what is null, or one of a few values, is one with the text before it.
   */
  pieces(type: GraphQLOutputType, node: FieldNode, expression: string, before: string): Piece[] | null {
    const nullable = !isNonNullType(type);
    const inner = nullable ? type : type.ofType;
    if (isLeafType(inner)) return this.#leaf(inner, expression, before, nullable);
    const called = this.#composite(inner, node);
    if (called === null) return null;
    if (!nullable) return [{ text: before }, { code: `${called}(${expression})` }];
    const none = JSON.stringify(`${before}null`);
    const written = expressionOf([{ text: before }, { code: `${called}(value)` }]);
    return [{ code: `${this.#function(`value == null ? ${none} : ${written}`)}(${expression})` }];
  }

  #leaf(type: GraphQLLeafType, expression: string, before: string, nullable: boolean): Piece[] {
    const { quoted, write, usual } = leafWriter(type);
    const code = (read: string): Piece => ({ code: `${this.#value(write)}(${read})` });
    const pieces = (read: string): Piece[] =>
      quoted ? [{ text: `${before}"` }, code(read), { text: '"' }] : [{ text: before }, code(read)];
    if (usual.length > 0) {
      const none = [null, undefined].map((value) => [value, `${before}null`] as const);
      const all = new Map([
        ...usual.map(([value, json]) => [value, before + json] as const),
        ...(nullable ? none : []),
      ]);
      const found = `${this.#value(all)}.get(value) ?? ${expressionOf(pieces('value'))}`;
      return [{ code: `${this.#function(found)}(${expression})` }];
    }
    if (!nullable) return pieces(expression);
    const found = `value == null ? ${JSON.stringify(`${before}null`)} : ${expressionOf(pieces('value'))}`;
    return [{ code: `${this.#function(found)}(${expression})` }];
  }

  #composite(type: GraphQLOutputType, node: FieldNode): string | null {
    if (isListType(type)) return this.#list(type.ofType, node);
    if (isAbstractType(type)) return this.#abstract(type, node);
    return isObjectType(type) ? this.#object(type, node) : null;
  }

  /** Objects of several types, each told by itself. */
  #abstract(type: GraphQLAbstractType, node: FieldNode): string | null {
    const { resolveType } = type;
    if (!resolveType || !isToldByItsObject(type)) return null;
    // Such a function looks at nothing but its object.
    const nameOf = resolveType as (object: unknown) => unknown;
    let cases = '';
    for (const each of this.#schema.getPossibleTypes(type)) {
      const written = this.#object(each, node);
      if (!written) return null;
      cases += `case ${JSON.stringify(each.name)}: return ${written}(value);`;
    }
    const name = `f${this.#names.length}_${this.#functions.length}`;
    const typed = this.#value(nameOf);
    this.#functions += `function ${name}(value) {
      if (notPlain(value)) refuse();
      switch (${typed}(value)) { ${cases} default: return refuse(); }
    }`;
    return name;
  }

  #list(type: GraphQLOutputType, node: FieldNode): string | null {
    const pieces = this.pieces(type, node, 'item', '');
    if (!pieces) return null;
    const name = `f${this.#names.length}_${this.#functions.length}`;
    this.#functions += `function ${name}(value) {
      if (!Array.isArray(value)) refuse();
      let text = "[";
      for (const item of value) { if (text !== "[") text += ","; text += ${expressionOf(pieces)}; }
      return text + "]";
    }`;
    return name;
  }

  #object(type: GraphQLObjectType, { selectionSet }: FieldNode): string | null {
    const fields = selectionSet && selectedFields(this.#schema, type, selectionSet, this.#fragments, new Map());
    if (!fields) return null;
    const all: Piece[] = [];
    for (const [name, node] of fields) {
      const pieces = this.#field(type, node, `${all.length === 0 ? '{' : ','}"${name}":`);
      if (!pieces) return null;
      all.push(...pieces);
    }
    all.push({ text: '}' });
    return this.#function(`notPlain(value) ? refuse() : ${expressionOf(all)}`);
  }

  #field(type: GraphQLObjectType, node: FieldNode, before: string): Piece[] | null {
    if (node.name.value === '__typename') return [{ text: `${before}"${type.name}"` }];
    const field = type.getFields()[node.name.value];
    const plain = field && field.args.length === 0 ? plainField(field) : null;
    if (!field || !plain) return null;
    const { properties, make } = plain;
    const read = make ? `${this.#value(make)}(value)` : `value[${JSON.stringify(properties[0])}]`;
    return this.pieces(field.type, node, read, before);
  }

  #function(expression: string): string {
    const name = `f${this.#names.length}_${this.#functions.length}`;
    this.#functions += `function ${name}(value) { return ${expression}; }\n`;
    return name;
  }

  #value(value: unknown): string {
    const name = `v${this.#names.length}`;
    this.#names.push(name);
    this.#values.push(value);
    return name;
  }
}

/** Pieces as one expression; texts that stand side by side become one. */
function expressionOf(pieces: readonly Piece[]): string {
  const parts: string[] = [];
  let text = '';
  for (const piece of pieces) {
    if ('text' in piece) {
      text += piece.text;
      continue;
    }
    if (text !== '') parts.push(JSON.stringify(text));
    parts.push(piece.code);
    text = '';
  }
  if (text !== '') parts.push(JSON.stringify(text));
  return `("" + ${parts.join(' + ')})`;
}

/** Compiles what writes the value of a field; null where its selection has more than plain fields (schema/plain-field.ts). */
export function textWriter(
  schema: GraphQLSchema,
  type: GraphQLOutputType,
  node: FieldNode,
  fragments: Fragments,
): TextWriter | null {
  const source = new Source(schema, fragments);
  const pieces = source.pieces(type, node, 'value', '');
  return pieces && source.compile(pieces);
}
