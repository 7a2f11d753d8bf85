import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  bool,
  createTable,
  dropTables,
  id,
  instant,
  int,
  json,
  longText,
  nullable,
  primary,
  serial,
  type TableDefinition,
  text,
} from './kit.js';

const TABLES: Record<string, TableDefinition> = {
  transactions: {
    columns: {
      number: serial(),
      id: id(),
      kind: text(16),
      project: id(nullable),
      cluster_id: id(nullable),
      subject_id: id(nullable),
      external_id: text(255, nullable),
      name: text(255),
      status: text(16),
      reason: longText(nullable),
      progress: int(),
      message: text(255, nullable),
      dry_run: bool(),
      created_at: instant(),
      time_start: instant(nullable),
      time_end: instant(nullable),
      counts: json(),
    },
    indexes: {
      ux_transactions_id: ['id'],
      ux_transactions_external: ['cluster_id', 'external_id'],
      ix_transactions_subject: ['subject_id', 'id'],
      ix_transactions_subject_status: ['subject_id', 'status', 'id'],
      ix_transactions_project: ['kind', 'project', 'id'],
      ix_transactions_status: ['kind', 'project', 'status', 'id'],
      ix_transactions_all_status: ['kind', 'status', 'id'],
      ix_transactions_cluster: ['cluster_id', 'id'],
    },
  },
  tasks: {
    columns: {
      number: serial(),
      id: id(),
      transaction_id: id(),
      cluster_id: id(nullable),
      graph_task_id: text(191),
      task_name: text(191),
      node_id: text(191),
      attempt: int(),
      status: text(16),
      reason: longText(nullable),
      announced: bool(),
      time_start: instant(nullable),
      time_end: instant(nullable),
      exit_code: int(nullable),
      custom: json(nullable),
      has_summary: bool(),
      closed: bool(),
      decided_at: instant(),
      decided_by: text(191),
      created_at: instant(),
    },
    indexes: {
      ux_tasks_id: ['id'],
      ux_tasks_attempt: ['transaction_id', 'graph_task_id', 'node_id', 'attempt'],
      ix_tasks_transaction: ['transaction_id', 'number'],
    },
  },
  task_summaries: {
    columns: {
      task_id: id(primary),
      summary: json(),
      status: text(16),
      decided_at: instant(),
      decided_by: text(191),
      created_at: instant(),
    },
    indexes: {
      ix_task_summaries_created: ['created_at'],
    },
  },
  transaction_inputs: {
    columns: {
      transaction_id: id(primary),
      graph: json(nullable),
      settings: json(nullable),
    },
  },
  task_events: {
    columns: {
      id: id(primary),
      transaction_id: id(),
      seq: instant(nullable),
      task_id: id(),
      attempt: int(),
      status: text(16),
      reason: longText(nullable),
      reported_at: instant(nullable),
      received_at: instant(),
      report_id: text(191),
    },
    indexes: {
      ux_task_events_seq: ['transaction_id', 'seq'],
      ix_task_events_unnumbered: ['seq', 'transaction_id', 'id'],
      ix_task_events_received: ['received_at'],
    },
  },
  reports: {
    columns: {
      transaction_id: id(primary),
      report_id: text(191, primary),
      received_at: instant(),
    },
    indexes: {
      ix_reports_received: ['received_at'],
    },
  },
};

export class CreateLedger implements MigrationInterface {
  readonly name = 'CreateLedger1795251600300';

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, definition] of Object.entries(TABLES)) await createTable(runner, name, definition);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, Object.keys(TABLES).reverse());
  }
}
