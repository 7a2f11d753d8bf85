import {
  type FieldNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLResolveInfo,
  getArgumentValues,
  isInterfaceType,
} from 'graphql';
import type { PageRequest } from '../db/page.js';
import type { TaskRow, TransactionKind, TransactionRow } from '../entities/ledger.js';
import type { Direction, TaskFilter } from '../history/task-list.js';
import { ExpectedError } from '../lib/errors.js';
import type { SchemaContext } from './context.js';
import { typeOfId } from './node-types.js';
import { fieldsBelow, pageColumns } from './selection.js';
import type { TransactionShape } from './transaction.js';

/** What `tasks` of a transaction is asked with. */
interface GivenArgs extends PageRequest {
  filter?: TaskFilter | null | undefined;
  orderBy?: { direction: Direction } | null | undefined;
}

/** The same in the domain's words. */
export interface TaskPageArgs extends PageRequest {
  filter: TaskFilter;
  direction: Direction;
}

/** Of those, with the properties that the rows need. */
export function taskPageArgs(given: GivenArgs, only: PageRequest['only']): TaskPageArgs {
  const { filter, orderBy, first, last, after, before } = given;
  return { first, last, after, before, only, filter: filter ?? {}, direction: orderBy?.direction ?? 'ASC' };
}

/** The one list of tasks that a transaction is asked for. */
interface Ahead {
  readonly field: GraphQLField<unknown, unknown>;
  readonly node: FieldNode;
  readonly only: PageRequest['only'];
}

/** What is known of a transaction by the id that it is asked for with. */
const KNOWN: ReadonlySet<string> = new Set(['tasks', 'id', '__typename']);
const KIND_OF_TYPE = new Map<string | null, TransactionKind>([
  ['Deployment', 'DEPLOYMENT'],
  ['JobRun', 'JOB_RUN'],
]);

function lookAhead(info: GraphQLResolveInfo): Ahead | null {
  const fields = fieldsBelow(info) ?? [];
  const [node, another] = fields.filter(({ name }) => name.value === 'tasks');
  const type = info.schema.getType('Transaction');
  const field = isInterfaceType(type) ? type.getFields().tasks : undefined;
  if (!node || another || !field || !fields.every(({ name }) => KNOWN.has(name.value))) return null;
  const asked = { fieldNodes: [node], returnType: field.type, fragments: info.fragments };
  return { field, node, only: pageColumns<TaskRow>(asked) };
}

const known = new WeakMap<readonly FieldNode[], Ahead | null>();

/**
 * A transaction that is asked for nothing but a page of its tasks, read with that page, so that one statement does for
 * both; null where it has to be looked for by itself: it may not be there, or not to be seen.
 */
export async function transactionWithTasks(
  context: SchemaContext,
  id: string,
  info: GraphQLResolveInfo,
): Promise<TransactionShape | null> {
  const kind = KIND_OF_TYPE.get(typeOfId(id));
  let ahead = known.get(info.fieldNodes);
  if (ahead === undefined) {
    ahead = lookAhead(info);
    known.set(info.fieldNodes, ahead);
  }
  if (!kind || !ahead) return null;
  try {
    const given: GivenArgs = getArgumentValues(ahead.field, ahead.node, info.variableValues);
    const request = taskPageArgs(given, ahead.only);
    const page = await context.services.history.tasksAtOnce(context, id, request, request.filter, request.direction);
    if (!page) return null;
    // All that is asked of the row.
    const row: Pick<TransactionRow, 'id' | 'kind'> = { id, kind };
    return { transaction: row as TransactionRow, tasksAhead: page };
  } catch (error) {
    // What is wrong with the arguments of `tasks` is said at its place.
    if (error instanceof ExpectedError || error instanceof GraphQLError) return null;
    throw error;
  }
}
