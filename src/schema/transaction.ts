import type { Page } from '../db/page.js';
import type { TaskRow, TaskStatus, TransactionKind, TransactionRow, TransactionStatus } from '../entities/ledger.js';
import type { TaskCounts } from '../history/counts.js';
import { builder } from './builder.js';
import { describedEnum } from './job-enums.js';
import { requestLoader } from './loader.js';
import { madeBy, madeOf, TOLD_BY_ITS_OBJECT } from './plain-field.js';

export const TransactionKindEnum = describedEnum<TransactionKind>(
  'TransactionKind',
  'What a transaction is an execution of.',
  {
    DEPLOYMENT: 'A deployment that was reported from outside.',
    JOB_RUN: 'A run of a job.',
    ACTION_PLAN: 'An action plan.',
  },
);

export const TransactionStatusEnum = describedEnum<TransactionStatus>(
  'TransactionStatus',
  'Where a transaction stands.',
  {
    PENDING: 'It has not begun.',
    RUNNING: 'It is under way.',
    READY: 'It succeeded.',
    ERROR: 'It failed.',
    STOPPED: 'It was ended by a command, or never began.',
    LOST: 'It was not heard of any more.',
  },
);

export const TaskStatusEnum = describedEnum<TaskStatus>('TaskStatus', 'Where an attempt of a task stands.', {
  PENDING: 'It has not begun.',
  RUNNING: 'It is under way.',
  READY: 'It succeeded.',
  ERROR: 'It failed.',
  SKIPPED: 'It was not executed.',
  LOST: 'It began, and nobody knows how it ended.',
  STOPPED: 'It was ended by a command.',
});

export const TaskCount = builder.objectRef<{ status: TaskStatus; count: number }>('TaskCount').implement({
  description: 'How many tasks have a status.',
  fields: (t) => ({
    status: t.field({ type: TaskStatusEnum, description: 'The status.', resolve: ({ status }) => status }),
    count: t.exposeInt('count', { description: 'How many.' }),
  }),
});

/** What every kind of transaction is shown from: of its row, the columns that the fields asked for are made of. */
export interface TransactionShape {
  transaction: TransactionRow;
  /**
   * The page of tasks that was read with it. A property, and no WeakMap: what those lead to outlives a collection of the
   * young, and so does each page.
   */
  tasksAhead?: Page<TaskRow>;
}

const idOf = ({ transaction }: TransactionShape): string => transaction.id;

/** The id of a node that is a transaction. */
export const TRANSACTION_ID = { resolve: idOf, extensions: madeBy(idOf, 'id') };

/** Whether a value is a transaction of a kind, as it is shown. */
export function isOfKind(value: unknown, kind: TransactionKind): boolean {
  return typeof value === 'object' && value !== null && 'transaction' in value && kindOf(value.transaction) === kind;
}

const kindOf = (row: unknown): unknown => (typeof row === 'object' && row !== null && 'kind' in row ? row.kind : null);

/** The GraphQL type of each kind. */
const TYPE_OF_KIND: Readonly<Record<TransactionKind, string>> = {
  DEPLOYMENT: 'Deployment',
  JOB_RUN: 'JobRun',
  ACTION_PLAN: 'ActionPlanRun',
};

const countsLoader = requestLoader<string, TaskCounts>(async (ids, context) => {
  const found = await context.services.history.counts(ids);
  return ids.map((id) => found.get(id) ?? new Map());
});

export const Transaction = builder.interfaceRef<TransactionShape>('Transaction');

builder.interfaceType(Transaction, {
  description: 'One execution of anything, in the one ledger of everything that ran.',
  interfaces: [builder.nodeInterfaceRef()],
  resolveType: ({ transaction }) => TYPE_OF_KIND[transaction.kind],
  extensions: TOLD_BY_ITS_OBJECT,
  fields: (t) => ({
    id: t.id({ ...TRANSACTION_ID, description: 'The global id.' }),
    number: t.int({
      description: 'Its short serial number.',
      resolve: ({ transaction }) => transaction.number,
      extensions: madeOf('number'),
    }),
    kind: t.field({
      type: TransactionKindEnum,
      description: 'What it is an execution of.',
      resolve: ({ transaction }) => transaction.kind,
      extensions: madeOf('kind'),
    }),
    name: t.string({
      description: 'The name of what it executes.',
      resolve: ({ transaction }) => transaction.name,
      extensions: madeOf('name'),
    }),
    status: t.field({
      type: TransactionStatusEnum,
      description: 'Where it stands.',
      resolve: ({ transaction }) => transaction.status,
      extensions: madeOf('status'),
    }),
    reason: t.string({
      nullable: true,
      description: 'Why it ended as it did; null for a success.',
      resolve: ({ transaction }) => transaction.reason,
      extensions: madeOf('reason'),
    }),
    progress: t.int({
      description: 'How far it is, 0 to 100, as its reporter says.',
      resolve: ({ transaction }) => transaction.progress,
      extensions: madeOf('progress'),
    }),
    message: t.string({
      nullable: true,
      description: 'What its reporter says of the progress.',
      resolve: ({ transaction }) => transaction.message,
      extensions: madeOf('message'),
    }),
    dryRun: t.boolean({
      description: 'Whether it changes nothing, and only tells what it would do.',
      resolve: ({ transaction }) => transaction.dryRun,
      extensions: madeOf('dryRun'),
    }),
    taskCounts: t.field({
      type: [TaskCount],
      description:
        'The number of its tasks in each status that occurs; those that were deleted by their age are counted too.',
      resolve: async ({ transaction }, _args, context) => {
        const counts = await countsLoader(context).load(transaction.id);
        return [...counts].map(([status, count]) => ({ status, count })).sort((a, b) => (a.status < b.status ? -1 : 1));
      },
    }),
  }),
});

builder.interfaceFields(Transaction, (t) => ({
  createdAt: t.field({
    type: 'DateTime',
    description: 'When it was made.',
    resolve: ({ transaction }) => transaction.createdAt,
    extensions: madeOf('createdAt'),
  }),
  timeStart: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When it began; null before.',
    resolve: ({ transaction }) => transaction.timeStart,
    extensions: madeOf('timeStart'),
  }),
  timeEnd: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When it ended; null before.',
    resolve: ({ transaction }) => transaction.timeEnd,
    extensions: madeOf('timeEnd'),
  }),
}));
