import {
  type DocumentNode,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isScalarType,
  isSpecifiedScalarType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';

/** A query as a function. */
export interface CompiledQuery {
  run(context: object, variables: Readonly<Record<string, unknown>>): ExecutionResult | Promise<ExecutionResult>;
  /** Writes a result without errors as JSON, faster than JSON.stringify; null where the result's shape is not fixed. */
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
    stringify: may.serialise ? (result) => compiled.stringify(result) : null,
  };
}
