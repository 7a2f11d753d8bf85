import {
  type DocumentNode,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { LiveOperation } from './operation.js';

/** What of a document decides whether, and under which variables, its executions are shared. */
interface Sharing {
  /** A field answers by more of the viewer than its rights (its extension `viewerDependent` is true). */
  viewerDependent: boolean;
  /** The variable that feeds the root field's `after` and nothing else; null when there is none. */
  afterVariable: string | null;
}

/** Documents are cached by whoever parses them, so this is worked out once for each. */
const known = new WeakMap<DocumentNode, Map<string | null, Sharing>>();

function isViewerDependent(schema: GraphQLSchema, document: DocumentNode): boolean {
  let found = false;
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Field() {
        if (types.getFieldDef()?.extensions.viewerDependent === true) found = true;
      },
    }),
  );
  return found;
}

function afterArgument(operation: OperationDefinitionNode): string | null {
  const [root] = operation.selectionSet.selections;
  if (root?.kind !== Kind.FIELD) return null;
  const value = root.arguments?.find((argument) => argument.name.value === 'after')?.value;
  return value?.kind === Kind.VARIABLE ? value.name.value : null;
}

/** How often a variable is used in a document, its definition left out. */
function uses(document: DocumentNode, name: string): number {
  let count = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable(node) {
      if (node.name.value === name) count += 1;
    },
  });
  return count;
}

function analyse(operation: LiveOperation): Sharing {
  const { schema, document, operationName } = operation;
  const definition = getOperationAST(document, operationName);
  const after = definition ? afterArgument(definition) : null;
  return {
    viewerDependent: isViewerDependent(schema, document),
    afterVariable: after !== null && uses(document, after) === 1 ? after : null,
  };
}

function sharingOf(operation: LiveOperation): Sharing {
  const byName = known.get(operation.document) ?? new Map<string | null, Sharing>();
  known.set(operation.document, byName);
  const sharing = byName.get(operation.operationName) ?? analyse(operation);
  byName.set(operation.operationName, sharing);
  return sharing;
}

/** JSON with the keys of every object in order, so that equal values give equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/**
 * The key under which subscribers share one execution: document, variables (without the one that only says where to
 * resume) and rights. Null when the operation must not be shared.
 */
export function sharingKey(operation: LiveOperation): string | null {
  const { viewerDependent, afterVariable } = sharingOf(operation);
  if (viewerDependent) return null;
  const variables = Object.entries(operation.variables).filter(([name]) => name !== afterVariable);
  return JSON.stringify([
    operation.rightsKey,
    operation.documentHash,
    operation.operationName,
    canonical(Object.fromEntries(variables)),
  ]);
}
