import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  addColumn,
  addIndexes,
  createTable,
  dropColumn,
  dropIndexes,
  dropTables,
  id,
  instant,
  int,
  json,
  nullable,
  primary,
  requireColumn,
  type TableDefinition,
  text,
} from './kit.js';

const TABLES: Record<string, TableDefinition> = {
  clusters: {
    columns: {
      id: id(primary),
      external_id: text(191),
      name: text(255),
      release_version: text(64, nullable),
      revision: int(),
      created_at: instant(),
      updated_at: instant(),
      removed_at: instant(nullable),
    },
    indexes: {
      ux_clusters_external: ['external_id'],
      ix_clusters_name: ['name', 'id'],
      ix_clusters_created: ['created_at', 'id'],
      ix_clusters_release: ['release_version', 'name', 'id'],
    },
  },
  transaction_counts: {
    columns: {
      transaction_id: id(primary),
      pending: int(),
      running: int(),
      ready: int(),
      error: int(),
      skipped: int(),
      lost: int(),
      stopped: int(),
    },
  },
  transaction_tombstones: {
    columns: {
      id: id(primary),
      number: int(),
      kind: text(16),
      scope: text(80),
      external_id: text(255, nullable),
      name: text(255),
      tasks: int(),
      deleted_at: instant(),
      actor_id: id(),
      actor_name: text(255),
      reason: text(255),
      cleared_at: instant(nullable),
    },
    indexes: {
      ix_transaction_tombstones_number: ['number'],
      ix_transaction_tombstones_deleted: ['deleted_at', 'id'],
      ix_transaction_tombstones_scope: ['scope', 'deleted_at', 'id'],
    },
  },
  transaction_remains: { columns: { transaction_id: id(primary), kind: text(16) } },
  history_retention: { columns: { name: text(16, primary), ran_at: instant(), progress: json() } },
};

const OLD_TRANSACTION_INDEXES = {
  ix_transactions_subject: ['subject_id', 'id'],
  ix_transactions_subject_status: ['subject_id', 'status', 'id'],
  ix_transactions_project: ['kind', 'project', 'id'],
  ix_transactions_status: ['kind', 'project', 'status', 'id'],
  ix_transactions_all_status: ['kind', 'status', 'id'],
  ix_transactions_cluster: ['cluster_id', 'id'],
};

const TRANSACTION_INDEXES = {
  ix_transactions_created: ['created_at', 'number'],
  ix_transactions_kind_status: ['kind', 'status', 'created_at', 'number'],
  ix_transactions_external_id: ['external_id', 'scope', 'created_at', 'number'],
  ix_transactions_scope: ['scope', 'created_at', 'number'],
  ix_transactions_scope_status: ['scope', 'kind', 'status', 'created_at', 'number'],
  ix_transactions_name: ['scope', 'name', 'kind', 'status', 'created_at', 'number'],
};

const TASK_INDEXES = {
  ix_tasks_transaction_status: ['transaction_id', 'status', 'number'],
  ix_tasks_transaction_node: ['transaction_id', 'node_id', 'status', 'number'],
  ix_tasks_transaction_name: ['transaction_id', 'task_name', 'status', 'number'],
  ix_tasks_transaction_both: ['transaction_id', 'node_id', 'task_name', 'number'],
  ix_tasks_status: ['status', 'ordered_at', 'number'],
  ix_tasks_scope: ['scope', 'ordered_at', 'number'],
  ix_tasks_scope_status: ['scope', 'status', 'ordered_at', 'number'],
  ix_tasks_scope_node: ['scope', 'node_id', 'status', 'ordered_at', 'number'],
  ix_tasks_scope_name: ['scope', 'task_name', 'status', 'ordered_at', 'number'],
  ix_tasks_scope_both: ['scope', 'node_id', 'task_name', 'status', 'ordered_at', 'number'],
};

const REPORT_INDEXES = { ix_reports_transaction: ['transaction_id', 'received_at'] };

const STATUSES = ['pending', 'running', 'ready', 'error', 'skipped', 'lost', 'stopped'];

/** What lists are narrowed by; operator's transactions had neither cluster nor project before this version. */
function scopeSql(runner: QueryRunner): string {
  const project =
    runner.dataSource.options.type === 'better-sqlite3' ? "'project/' || project" : "CONCAT('project/', project)";
  return `COALESCE(cluster_id, ${project}, 'operator')`;
}

async function fillColumns(runner: QueryRunner): Promise<void> {
  await addColumn(runner, 'transactions', 'scope', text(80));
  await addColumn(runner, 'tasks', 'scope', text(80));
  await addColumn(runner, 'tasks', 'ordered_at', instant());
  await runner.query(`UPDATE transactions SET scope = ${scopeSql(runner)} WHERE scope IS NULL`);
  const ofTransaction = '(SELECT t.scope FROM transactions t WHERE t.id = tasks.transaction_id)';
  const scope = `COALESCE(${ofTransaction}, 'operator')`;
  await runner.query(
    `UPDATE tasks SET scope = ${scope}, ordered_at = COALESCE(time_start, created_at) WHERE scope IS NULL`,
  );
  await addColumn(runner, 'transactions', 'attempts', int());
  await runner.query('UPDATE transactions SET attempts = 1 WHERE attempts IS NULL');
  await requireColumn(runner, 'transactions', 'attempts', int());
  await requireColumn(runner, 'transactions', 'scope', text(80));
  await requireColumn(runner, 'tasks', 'scope', text(80));
  await requireColumn(runner, 'tasks', 'ordered_at', instant());
}

async function countTasks(runner: QueryRunner): Promise<void> {
  const sums = STATUSES.map((status) => `SUM(CASE WHEN status = '${status.toUpperCase()}' THEN 1 ELSE 0 END)`);
  await runner.query(
    `INSERT INTO transaction_counts (transaction_id, ${STATUSES.join(', ')})
     SELECT transaction_id, ${sums.join(', ')} FROM tasks
     WHERE transaction_id NOT IN (SELECT transaction_id FROM transaction_counts) GROUP BY transaction_id`,
  );
}

/** The rest of the ledger: clusters, what lists are ordered and narrowed by, counts apart from their transaction. */
export class ExtendHistory implements MigrationInterface {
  readonly name = 'ExtendHistory1795251600600';

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, definition] of Object.entries(TABLES)) await createTable(runner, name, definition);
    await fillColumns(runner);
    for (const column of ['status_before', 'status_after']) {
      await addColumn(runner, 'task_events', column, text(16, nullable));
    }
    await countTasks(runner);
    await dropColumn(runner, 'transactions', 'counts');
    await dropIndexes(runner, 'transactions', Object.keys(OLD_TRANSACTION_INDEXES));
    await addIndexes(runner, 'transactions', TRANSACTION_INDEXES);
    await addIndexes(runner, 'tasks', TASK_INDEXES);
    await addIndexes(runner, 'reports', REPORT_INDEXES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, 'reports', Object.keys(REPORT_INDEXES));
    await dropIndexes(runner, 'tasks', Object.keys(TASK_INDEXES));
    await dropIndexes(runner, 'transactions', Object.keys(TRANSACTION_INDEXES));
    await addColumn(runner, 'transactions', 'counts', json());
    const counts = `JSON_OBJECT(${STATUSES.map((status) => `'${status.toUpperCase()}', ${status}`).join(', ')})`;
    const counted = `(SELECT ${counts} FROM transaction_counts c WHERE c.transaction_id = transactions.id)`;
    await runner.query(`UPDATE transactions SET counts = COALESCE(${counted}, '{}')`);
    await requireColumn(runner, 'transactions', 'counts', json());
    await addIndexes(runner, 'transactions', OLD_TRANSACTION_INDEXES);
    for (const column of ['status_before', 'status_after']) await dropColumn(runner, 'task_events', column);
    for (const column of ['scope', 'ordered_at']) await dropColumn(runner, 'tasks', column);
    for (const column of ['scope', 'attempts']) await dropColumn(runner, 'transactions', column);
    await dropTables(runner, Object.keys(TABLES).reverse());
  }
}
