import { EntitySchema } from 'typeorm';
import type { JsonValue } from '../lib/json.js';
import { big, bool, id, instant, int, json, longText, serial, text } from './columns.js';

export const TRANSACTION_KINDS = ['DEPLOYMENT', 'JOB_RUN', 'ACTION_PLAN'] as const;
export type TransactionKind = (typeof TRANSACTION_KINDS)[number];
export const TRANSACTION_STATUSES = ['PENDING', 'RUNNING', 'READY', 'ERROR', 'STOPPED', 'LOST'] as const;
export type TransactionStatus = (typeof TRANSACTION_STATUSES)[number];
export const TASK_STATUSES = ['PENDING', 'RUNNING', 'READY', 'ERROR', 'SKIPPED', 'LOST', 'STOPPED'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** One execution of anything: a deployment, a job's run, an action plan. */
export interface TransactionRow {
  number: number;
  id: string;
  kind: TransactionKind;
  /** The project of a job's run; null for what belongs to the operator. */
  project: string | null;
  clusterId: string | null;
  /** What lists are narrowed by: the cluster's id, or `project/<name>` for what belongs to a project. */
  scope: string;
  /** The job or plan that it executes. */
  subjectId: string | null;
  externalId: string | null;
  name: string;
  status: TransactionStatus;
  reason: string | null;
  /** 0..100 */
  progress: number;
  message: string | null;
  /** When the message was said, and in which report: of two the later rules. Null where its one reporter says it. */
  messageAt: number | null;
  messageBy: string | null;
  dryRun: boolean;
  /** 1, and one more with each reset. */
  attempts: number;
  /** When it was reset last: what happened before is of the attempts before. */
  resetAt: number | null;
  createdAt: number;
  timeStart: number | null;
  timeEnd: number | null;
}

export const TransactionEntity = new EntitySchema<TransactionRow>({
  name: 'Transaction',
  tableName: 'transactions',
  columns: {
    number: serial(),
    id: id(),
    kind: text(16),
    project: text(64, { nullable: true }),
    clusterId: id({ nullable: true }),
    scope: text(80),
    subjectId: id({ nullable: true }),
    externalId: text(255, { nullable: true }),
    name: text(255),
    status: text(16),
    reason: longText({ nullable: true }),
    progress: int(),
    message: text(255, { nullable: true }),
    messageAt: instant({ nullable: true }),
    messageBy: text(191, { nullable: true }),
    dryRun: bool(),
    attempts: int(),
    resetAt: instant({ nullable: true }),
    createdAt: instant(),
    timeStart: instant({ nullable: true }),
    timeEnd: instant({ nullable: true }),
  },
  indices: [
    { name: 'ux_transactions_id', columns: ['id'], unique: true },
    { name: 'ux_transactions_external', columns: ['clusterId', 'externalId'], unique: true },
    // Lists are ordered by when transactions were made; see history/transaction-ranges.ts.
    { name: 'ix_transactions_created', columns: ['createdAt', 'number'] },
    { name: 'ix_transactions_kind_status', columns: ['kind', 'status', 'createdAt', 'number'] },
    { name: 'ix_transactions_external_id', columns: ['externalId', 'scope', 'createdAt', 'number'] },
    { name: 'ix_transactions_scope', columns: ['scope', 'createdAt', 'number'] },
    { name: 'ix_transactions_scope_status', columns: ['scope', 'kind', 'status', 'createdAt', 'number'] },
    { name: 'ix_transactions_name', columns: ['scope', 'name', 'kind', 'status', 'createdAt', 'number'] },
  ],
});

/** How many tasks of a transaction have each status: written by whoever numbers the task events, never by a reporter. */
export interface TransactionCountsRow {
  transactionId: string;
  pending: number;
  running: number;
  ready: number;
  error: number;
  skipped: number;
  lost: number;
  stopped: number;
}

export const TransactionCountsEntity = new EntitySchema<TransactionCountsRow>({
  name: 'TransactionCounts',
  tableName: 'transaction_counts',
  columns: {
    transactionId: id({ primary: true }),
    pending: int(),
    running: int(),
    ready: int(),
    error: int(),
    skipped: int(),
    lost: int(),
    stopped: int(),
  },
});

/** What is left of a transaction that an admin deleted. */
export interface TransactionTombstoneRow {
  /** The id that the transaction had. */
  id: string;
  number: number;
  kind: TransactionKind;
  scope: string;
  externalId: string | null;
  name: string;
  /** How many task rows went with it. */
  tasks: number;
  deletedAt: number;
  /** Who, by id and by name. */
  actorId: string;
  actorName: string;
  reason: string;
  /** When the last of its rows was deleted; null: some are left, which nobody can reach by it. */
  clearedAt: number | null;
}

export const TransactionTombstoneEntity = new EntitySchema<TransactionTombstoneRow>({
  name: 'TransactionTombstone',
  tableName: 'transaction_tombstones',
  columns: {
    id: id({ primary: true }),
    number: int(),
    kind: text(16),
    scope: text(80),
    externalId: text(255, { nullable: true }),
    name: text(255),
    tasks: int(),
    deletedAt: instant(),
    actorId: id(),
    actorName: text(255),
    reason: text(255),
    clearedAt: instant({ nullable: true }),
  },
  indices: [
    { name: 'ix_transaction_tombstones_number', columns: ['number'] },
    { name: 'ix_transaction_tombstones_deleted', columns: ['deletedAt', 'id'] },
    { name: 'ix_transaction_tombstones_scope', columns: ['scope', 'deletedAt', 'id'] },
  ],
});

/** A transaction that was deleted, and some of whose tasks, events or reports may be left. */
export interface TransactionRemainsRow {
  transactionId: string;
  kind: TransactionKind;
}

export const TransactionRemainsEntity = new EntitySchema<TransactionRemainsRow>({
  name: 'TransactionRemains',
  tableName: 'transaction_remains',
  columns: { transactionId: id({ primary: true }), kind: text(16) },
});

/** What decided something: the status that was reported, when (epoch milliseconds), and by which report. */
export interface Decision {
  readonly status: TaskStatus;
  readonly at: number;
  readonly by: string;
}

/** The fields of a task that a later report may leave out. */
export type GivenField = 'reason' | 'exitCode' | 'custom';

/** One attempt of one task on one node. */
export interface TaskRow {
  number: number;
  id: string;
  transactionId: string;
  clusterId: string | null;
  /** As its transaction's. */
  scope: string;
  graphTaskId: string;
  taskName: string;
  /** As the reporter names it; '' for a sync point (SQL's NULL would not be unique). */
  nodeId: string;
  /** 1, 2, 3 ... */
  attempt: number;
  status: TaskStatus;
  reason: string | null;
  announced: boolean;
  timeStart: number | null;
  timeEnd: number | null;
  /** What histories are ordered by: when it began; while that is unknown, when it was made. */
  orderedAt: number;
  exitCode: number | null;
  custom: Record<string, unknown> | null;
  hasSummary: boolean;
  /** Ended by the end of its transaction, without a report of its own. */
  closed: boolean;
  /** The instant and the id of the report that decided the row: among equals the latest rules. */
  decidedAt: number;
  decidedBy: string;
  /** The decisions behind the fields that are kept of other reports than that one; null: there are none. */
  givenBy: Partial<Record<GivenField, Decision>> | null;
  createdAt: number;
}

export const TaskEntity = new EntitySchema<TaskRow>({
  name: 'Task',
  tableName: 'tasks',
  columns: {
    number: serial(),
    id: id(),
    transactionId: id(),
    clusterId: id({ nullable: true }),
    scope: text(80),
    graphTaskId: text(191),
    taskName: text(191),
    nodeId: text(191),
    attempt: int(),
    status: text(16),
    reason: longText({ nullable: true }),
    announced: bool(),
    timeStart: instant({ nullable: true }),
    timeEnd: instant({ nullable: true }),
    orderedAt: instant(),
    exitCode: int({ nullable: true }),
    custom: json({ nullable: true }),
    hasSummary: bool(),
    closed: bool(),
    decidedAt: instant(),
    decidedBy: text(191),
    givenBy: json({ nullable: true }),
    createdAt: instant(),
  },
  indices: [
    { name: 'ux_tasks_id', columns: ['id'], unique: true },
    { name: 'ux_tasks_attempt', columns: ['transactionId', 'graphTaskId', 'nodeId', 'attempt'], unique: true },
    // Within a transaction lists are ordered by number, across transactions by time; see history/task-ranges.ts.
    { name: 'ix_tasks_transaction', columns: ['transactionId', 'number'] },
    { name: 'ix_tasks_transaction_status', columns: ['transactionId', 'status', 'number'] },
    { name: 'ix_tasks_transaction_node', columns: ['transactionId', 'nodeId', 'status', 'number'] },
    { name: 'ix_tasks_transaction_name', columns: ['transactionId', 'taskName', 'status', 'number'] },
    { name: 'ix_tasks_transaction_both', columns: ['transactionId', 'nodeId', 'taskName', 'number'] },
    { name: 'ix_tasks_status', columns: ['status', 'orderedAt', 'number'] },
    { name: 'ix_tasks_scope', columns: ['scope', 'orderedAt', 'number'] },
    { name: 'ix_tasks_scope_status', columns: ['scope', 'status', 'orderedAt', 'number'] },
    { name: 'ix_tasks_scope_node', columns: ['scope', 'nodeId', 'status', 'orderedAt', 'number'] },
    { name: 'ix_tasks_scope_name', columns: ['scope', 'taskName', 'status', 'orderedAt', 'number'] },
    { name: 'ix_tasks_scope_both', columns: ['scope', 'nodeId', 'taskName', 'status', 'orderedAt', 'number'] },
  ],
});

/** A task's summary, beside its row and read only when asked for. */
export interface TaskSummaryRow {
  taskId: string;
  /** Wrapped, because a column of JSON holds objects and arrays only. */
  summary: { value: JsonValue };
  /** The status, the instant and the id of the report that gave it. */
  status: TaskStatus;
  decidedAt: number;
  decidedBy: string;
  createdAt: number;
}

export const TaskSummaryEntity = new EntitySchema<TaskSummaryRow>({
  name: 'TaskSummary',
  tableName: 'task_summaries',
  columns: {
    taskId: id({ primary: true }),
    summary: json(),
    status: text(16),
    decidedAt: instant(),
    decidedBy: text(191),
    createdAt: instant(),
  },
  indices: [{ name: 'ix_task_summaries_created', columns: ['createdAt'] }],
});

/** What a transaction was given: kept apart from lists. */
export interface TransactionInputRow {
  transactionId: string;
  graph: Record<string, unknown> | null;
  settings: Record<string, unknown> | null;
}

export const TransactionInputEntity = new EntitySchema<TransactionInputRow>({
  name: 'TransactionInput',
  tableName: 'transaction_inputs',
  columns: {
    transactionId: id({ primary: true }),
    graph: json({ nullable: true }),
    settings: json({ nullable: true }),
  },
});

/** The append-only record behind the task rows. */
export interface TaskEventRow {
  id: string;
  transactionId: string;
  /** 1, 2, 3 ... within the transaction, given after commit by the sequencer; null until then. */
  seq: number | null;
  taskId: string;
  attempt: number;
  /** What was reported. */
  status: TaskStatus;
  /** The status of the task's row before and after the report; before is null for a row that it made. */
  statusBefore: TaskStatus | null;
  statusAfter: TaskStatus | null;
  reason: string | null;
  /** The reporter's time, when it gave one. */
  reportedAt: number | null;
  receivedAt: number;
  reportId: string;
}

export const TaskEventEntity = new EntitySchema<TaskEventRow>({
  name: 'TaskEvent',
  tableName: 'task_events',
  columns: {
    id: id({ primary: true }),
    transactionId: id(),
    seq: big({ nullable: true }),
    taskId: id(),
    attempt: int(),
    status: text(16),
    statusBefore: text(16, { nullable: true }),
    statusAfter: text(16, { nullable: true }),
    reason: longText({ nullable: true }),
    reportedAt: instant({ nullable: true }),
    receivedAt: instant(),
    reportId: text(191),
  },
  indices: [
    { name: 'ux_task_events_seq', columns: ['transactionId', 'seq'], unique: true },
    { name: 'ix_task_events_unnumbered', columns: ['seq', 'transactionId', 'id'] },
    { name: 'ix_task_events_received', columns: ['receivedAt'] },
  ],
});

/** A report that was taken in: the same report twice changes nothing. */
export interface ReportRow {
  transactionId: string;
  reportId: string;
  receivedAt: number;
}

export const ReportEntity = new EntitySchema<ReportRow>({
  name: 'Report',
  tableName: 'reports',
  columns: { transactionId: id({ primary: true }), reportId: text(191, { primary: true }), receivedAt: instant() },
  indices: [
    { name: 'ix_reports_received', columns: ['receivedAt'] },
    { name: 'ix_reports_transaction', columns: ['transactionId', 'receivedAt'] },
  ],
});
