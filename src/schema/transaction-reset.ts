import type { EndedStatus, Reset } from '../history/intake/reset.js';
import { isOver } from '../history/statuses.js';
import { builder } from './builder.js';
import { Deployment } from './deployment.js';
import { describedEnum } from './job-enums.js';
import { INPUT, mutationOptions } from './mutation.js';

const EndedStatusEnum = describedEnum<EndedStatus>('EndedTaskStatus', 'How an attempt of a task ended.', {
  READY: 'It succeeded.',
  ERROR: 'It failed.',
  SKIPPED: 'It was not executed.',
  LOST: 'It began, and nobody knows how it ended.',
  STOPPED: 'It was ended by a command.',
});

const ResetTaskInput = builder.inputType('ResetTaskInput', {
  description: 'A task on a node.',
  fields: (t) => ({
    graphTaskId: t.id({ required: true, description: 'What it is called in the graph.' }),
    nodeId: t.id({ description: 'Where it is executed; left out for a point of synchronisation.' }),
  }),
});

const TransactionResetInput = builder.inputType('TransactionResetInput', {
  description: 'A deployment that is over, and which of its tasks begin anew.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The deployment: its global id or its number.' }),
    tasks: t.field({
      type: [ResetTaskInput],
      description: 'These and no others, whatever became of them; at most 1,000. Not with `statuses` or `nodes`.',
    }),
    statuses: t.field({
      type: [EndedStatusEnum],
      description: 'Tasks whose newest attempt ended so. Default: ERROR, LOST and STOPPED.',
    }),
    nodes: t.idList({ description: 'Of these only those on these nodes.' }),
    attempt: t.int({
      description:
        "The attempt that this begins: one more than the deployment's `attempts`. The same once more changes nothing then; without it, it is refused, since the deployment is open.",
    }),
    reason: t.string({ description: 'Why, for the activity.' }),
  }),
});

const ResetOutcomeEnum = describedEnum<Reset['outcome']>('TransactionResetOutcome', 'What a reset did.', {
  RESET: 'Tasks wait for their next attempt.',
  ALREADY_RESET: 'That attempt had begun before; nothing changed.',
  NOTHING_TO_DO: 'No task fits; nothing changed.',
});

const TransactionResetPayload = builder.objectRef<Reset>('TransactionResetPayload').implement({
  description: 'The deployment that goes on.',
  fields: (t) => ({
    outcome: t.field({ type: ResetOutcomeEnum, description: 'What the reset did.', resolve: ({ outcome }) => outcome }),
    transaction: t.field({
      type: Deployment,
      description: 'The deployment as it is now.',
      resolve: ({ transaction }) => ({ transaction }),
    }),
    taskCount: t.int({ description: 'How many tasks begin anew by this.', resolve: ({ tasks }) => tasks }),
  }),
});

builder.objectFields(Deployment, (t) => ({
  attempts: t.int({
    description: '1, and one more with each reset.',
    resolve: ({ transaction }) => transaction.attempts,
  }),
  canReset: t.boolean({
    description: 'Whether its tasks can begin anew by `transactionReset`: it is over.',
    resolve: ({ transaction }) => isOver(transaction.status),
  }),
}));

builder.mutationField('transactionReset', (t) =>
  t.field({
    ...mutationOptions(
      'transactionReset',
      'Begins failed or chosen tasks of a deployment that is over anew. Their old attempts stay, and the deployment is PENDING again.',
    ),
    type: TransactionResetPayload,
    args: { input: t.arg({ type: TransactionResetInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.reports.reset(context, input),
  }),
);
