import type { PageRequest } from '../db/page.js';
import type { TaskEventRow, TransactionRow } from '../entities/ledger.js';
import { taskEventMark } from '../history/task-event-list.js';
import { taskEventPosition } from '../live/task-event-stream.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { pageLoader } from './loader.js';
import { TaskEventAppended } from './task-event-live.js';
import { Transaction } from './transaction.js';

const TaskEventConnection = builder.connectionObject(
  { type: TaskEventAppended, name: 'TaskEventConnection', description: "A page of a transaction's record." },
  { name: 'TaskEventEdge', description: 'An event in a page.' },
);

const eventPages = pageLoader<TransactionRow, PageRequest, TaskEventRow>(
  (context, transactions, page) => {
    const ids = transactions.map(({ id }) => id);
    return context.services.history.firstTaskEvents(ids, page);
  },
  (context, { id }, page) => context.services.history.taskEvents(id, page),
);

/** A cursor or a number of the record as the list knows it. Throws InvalidInputError. */
function markOf(transactionId: string, given: PageRequest, argument: 'after' | 'before'): string | null {
  const mark = given[argument];
  return mark == null ? null : taskEventMark(transactionId, taskEventPosition(transactionId, mark, argument));
}

builder.interfaceField(Transaction, 'taskEvents', (t) =>
  t.connection(
    {
      type: TaskEventAppended,
      description:
        'The record of what happened to its tasks, in order. A cursor of it is good for `taskEventAppended` too, and a number in the record is a cursor here.',
      complexity: (args) => pageComplexity(args),
      resolve: async ({ transaction }, given, context) => {
        const { first, last } = given;
        const { id } = transaction;
        const request = { first, last, after: markOf(id, given, 'after'), before: markOf(id, given, 'before') };
        const page = await eventPages(context, transaction, request);
        const edges = page.edges.map(({ node }) => {
          const event = { ...node, seq: node.seq ?? 0 };
          return { node: event, cursor: context.services.live.taskEventCursorOf(event) };
        });
        return toConnection({ ...page, edges });
      },
    },
    TaskEventConnection,
  ),
);
