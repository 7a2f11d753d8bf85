import type { NumberedTaskEvent } from '../events/task-event-log.js';
import { isOver } from '../history/statuses.js';
import { NotFoundError } from '../lib/errors.js';
import { builder } from './builder.js';
import { toDate, toDateOrNull } from './scalars.js';
import { Task, taskLoader } from './task.js';
import { TaskStatusEnum } from './transaction.js';

export const TaskEventAppended = builder.objectRef<NumberedTaskEvent>('TaskEventAppended').implement({
  description: 'Something was recorded of a task of a transaction.',
  fields: (t) => ({
    cursor: t.string({
      description: 'The place of the event: an `after` of this subscription.',
      resolve: (event, _args, context) => context.services.live.taskEventCursorOf(event),
    }),
    seq: t.exposeInt('seq', {
      description: 'Its number in the record of its transaction: 1, 2, 3 ... without gaps. An `after` too.',
    }),
    task: t.field({
      type: Task,
      nullable: true,
      description: 'The task as it is now, which may be later than this event; null once it was deleted.',
      resolve: ({ taskId }, _args, context) => taskLoader(context).load(taskId),
    }),
    attempt: t.exposeInt('attempt', { description: 'The attempt that it is about.' }),
    status: t.field({ type: TaskStatusEnum, description: 'What was reported.', resolve: ({ status }) => status }),
    statusBefore: t.field({
      type: TaskStatusEnum,
      nullable: true,
      description: 'The status of the task before it; null for a task that was made by it.',
      resolve: ({ statusBefore }) => statusBefore,
    }),
    statusAfter: t.field({
      type: TaskStatusEnum,
      nullable: true,
      description: 'The status of the task after it: what was reported late changes nothing.',
      resolve: ({ statusAfter }) => statusAfter,
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why, as it was reported.' }),
    reportedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: "When it happened by its reporter's clock; null where the reporter did not say.",
      resolve: ({ reportedAt }) => toDateOrNull(reportedAt),
    }),
    receivedAt: t.field({
      type: 'DateTime',
      description: 'When the ledger took it in.',
      resolve: ({ receivedAt }) => toDate(receivedAt),
    }),
    reportId: t.exposeString('reportId', {
      description: 'The report that told it; "server" where the server recorded it of its own accord.',
    }),
  }),
});

builder.subscriptionField('taskEventAppended', (t) =>
  t.field({
    type: TaskEventAppended,
    description:
      'The record of a transaction, event by event: what is there already, then what comes. It ends when the transaction is over and everything that was recorded until then has come; what is reported later, or after a reset, comes to who subscribes again with the last cursor. Events that are not kept any more are a RESYNC_REQUIRED error, whose cursor is where the rest begins.',
    authScopes: { may: 'taskEventAppended' },
    args: {
      transactionId: t.arg.id({ required: true, description: 'The transaction: its global id or its number.' }),
      after: t.arg.string({
        description: 'The cursor, or the number, of the last event seen. Left out, or 0: from the start.',
      }),
    },
    subscribe: async (_root, { transactionId, after }, context) => {
      const { history, live } = context.services;
      const found = await history.find(context, transactionId);
      if (!found) throw new NotFoundError('transaction', transactionId, ['transactionId']);
      const { id } = found;
      const over = async (): Promise<boolean> => {
        const now = await history.find(context, id);
        return now === null || isOver(now.status);
      };
      return live.taskEvents({ transactionId: id, after: after ?? null, isOver: over, signal: context.signal });
    },
    resolve: (event) => event,
  }),
);
