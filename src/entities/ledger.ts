import { EntitySchema } from 'typeorm';
import type { JsonValue } from '../lib/json.js';
import { big, bool, id, instant, int, json, longText, serial, text } from './columns.js';

const TRANSACTION_KINDS = ['DEPLOYMENT', 'JOB_RUN', 'ACTION_PLAN'] as const;
export type TransactionKind = (typeof TRANSACTION_KINDS)[number];
const TRANSACTION_STATUSES = ['PENDING', 'RUNNING', 'READY', 'ERROR', 'STOPPED', 'LOST'] as const;
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
  /** The job or plan that it executes. */
  subjectId: string | null;
  externalId: string | null;
  name: string;
  status: TransactionStatus;
  reason: string | null;
  /** 0..100 */
  progress: number;
  message: string | null;
  dryRun: boolean;
  createdAt: number;
  timeStart: number | null;
  timeEnd: number | null;
  /** The number of tasks in each status. */
  counts: Partial<Record<TaskStatus, number>>;
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
    subjectId: id({ nullable: true }),
    externalId: text(255, { nullable: true }),
    name: text(255),
    status: text(16),
    reason: longText({ nullable: true }),
    progress: int(),
    message: text(255, { nullable: true }),
    dryRun: bool(),
    createdAt: instant(),
    timeStart: instant({ nullable: true }),
    timeEnd: instant({ nullable: true }),
    counts: json(),
  },
  indices: [
    { name: 'ux_transactions_id', columns: ['id'], unique: true },
    { name: 'ux_transactions_external', columns: ['clusterId', 'externalId'], unique: true },
    { name: 'ix_transactions_subject', columns: ['subjectId', 'id'] },
    { name: 'ix_transactions_subject_status', columns: ['subjectId', 'status', 'id'] },
    { name: 'ix_transactions_project', columns: ['kind', 'project', 'id'] },
    { name: 'ix_transactions_status', columns: ['kind', 'project', 'status', 'id'] },
    { name: 'ix_transactions_all_status', columns: ['kind', 'status', 'id'] },
    { name: 'ix_transactions_cluster', columns: ['clusterId', 'id'] },
  ],
});

/** One attempt of one task on one node. */
export interface TaskRow {
  number: number;
  id: string;
  transactionId: string;
  clusterId: string | null;
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
  exitCode: number | null;
  custom: Record<string, unknown> | null;
  hasSummary: boolean;
  /** Ended by the end of its transaction, without a report of its own. */
  closed: boolean;
  /** The instant and the id of the report that decided the row: among equals the latest rules. */
  decidedAt: number;
  decidedBy: string;
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
    graphTaskId: text(191),
    taskName: text(191),
    nodeId: text(191),
    attempt: int(),
    status: text(16),
    reason: longText({ nullable: true }),
    announced: bool(),
    timeStart: instant({ nullable: true }),
    timeEnd: instant({ nullable: true }),
    exitCode: int({ nullable: true }),
    custom: json({ nullable: true }),
    hasSummary: bool(),
    closed: bool(),
    decidedAt: instant(),
    decidedBy: text(191),
    createdAt: instant(),
  },
  indices: [
    { name: 'ux_tasks_id', columns: ['id'], unique: true },
    { name: 'ux_tasks_attempt', columns: ['transactionId', 'graphTaskId', 'nodeId', 'attempt'], unique: true },
    { name: 'ix_tasks_transaction', columns: ['transactionId', 'number'] },
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
  status: TaskStatus;
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
  indices: [{ name: 'ix_reports_received', columns: ['receivedAt'] }],
});
