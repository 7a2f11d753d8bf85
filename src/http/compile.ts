import {
  type DocumentNode,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { textDocument, UNWRITABLE, withFields, writeWithTexts } from './text-fields.js';

/** A query as a function. */
export interface CompiledQuery {
  run(context: object, variables: Readonly<Record<string, unknown>>): ExecutionResult | Promise<ExecutionResult>;
  /** Writes a result of it as JSON; null where JSON.stringify is as good. */
  stringify: ((result: FormattedExecutionResult) => string) | null;
}

/**
 * What the compiler may do with a document. `__proto__` as a response name would become the prototype of the compiled
 * result. Its serialiser mixes the shapes of abstract types up and knows no scalars but GraphQL's own.
 */
function permitted(schema: GraphQLSchema, document: DocumentNode): { compile: boolean; serialise: boolean } {
  const info = new TypeInfo(schema);
  const found = { compile: true, serialise: true };
  const Field = (node: { name: { value: string }; alias?: { value: string } | undefined }): void => {
    const type = info.getType();
    const named = type ? getNamedType(type) : undefined;
    if ((node.alias ?? node.name).value === '__proto__') found.compile = false;
    const strange = !named || isAbstractType(named) || (isScalarType(named) && !isSpecifiedScalarType(named));
    if (strange) found.serialise = false;
  };
  visit(document, visitWithTypeInfo(info, { Field }));
  return found;
}

/** Compiles a document with one query by graphql-jit; null when it cannot be. */
export function compile(schema: GraphQLSchema, document: DocumentNode): CompiledQuery | null {
  const may = permitted(schema, document);
  if (!may.compile) return null;
  const compiled = compileQuery(schema, document, undefined, { customJSONSerializer: may.serialise });
  if (!isCompiledQuery(compiled)) return null;
  return {
    run: (context, variables) => compiled.query(undefined, context, variables),
    stringify: may.serialise ? (body) => (body.errors ? JSON.stringify(body) : compiled.stringify(body)) : null,
  };
}

/** Runs one query, otherwise where a value could not be written: what is wrong with it is then told by its place. */
function withFallback(texts: CompiledQuery, other: CompiledQuery): CompiledQuery['run'] {
  return async (context, variables) => {
    const result = await texts.run(context, variables);
    const unwritable = result.errors?.some(({ message }) => message === UNWRITABLE);
    return unwritable ? other.run(context, variables) : result;
  };
}

/**
 * Compiles a document with one query so that pages of plain objects become JSON in one go, without objects of the result
 * between; `other` is the same query compiled plainly. Null where it has no such page, or cannot be compiled.
 */
export function compileTexts(
  schema: GraphQLSchema,
  document: DocumentNode,
  other: CompiledQuery,
): CompiledQuery | null {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const found = operation && textDocument(schema, document, operation);
  if (!found) return null;
  const compiled = withFields(found, () => compileQuery(schema, found.document));
  if (!isCompiledQuery(compiled)) return null;
  const run: CompiledQuery['run'] = (context, variables) => compiled.query(undefined, context, variables);
  return {
    run: withFallback({ run, stringify: null }, other),
    stringify: ({ data, errors }) => {
      if (data === undefined) return JSON.stringify({ errors });
      const more = errors ? `,"errors":${JSON.stringify(errors)}` : '';
      return `{"data":${writeWithTexts(data, found.places)}${more}}`;
    },
  };
}
