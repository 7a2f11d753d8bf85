import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  createTable,
  dropTables,
  id,
  instant,
  int,
  json,
  longText,
  nullable,
  primary,
  type TableDefinition,
  text,
} from './kit.js';

const TABLES: Record<string, TableDefinition> = {
  jobs: {
    columns: {
      id: id(primary),
      project: id(),
      key: id(),
      slot: id(),
      user_id: id(),
      description: text(255),
      client_key: text(255),
      actions: json(),
      action_defaults: json(),
      schedule: json(),
      overlap: text(16),
      catchup: text(16),
      catchup_window: int(),
      stale_after: int(nullable),
      document: json(nullable),
      schedule_kind: text(16),
      revision: int(),
      status: text(16),
      event: text(16, nullable),
      result: text(16, nullable),
      status_reason: longText(nullable),
      status_before: text(16, nullable),
      time_created: instant(),
      time_started: instant(nullable),
      time_ended: instant(nullable),
      next_run_at: instant(nullable),
      last_success_at: instant(nullable),
      stale_at: instant(nullable),
      consecutive_failures: int(),
      success_count: int(),
      failure_count: int(),
      missed_count: int(),
      skipped_count: int(),
      updated_at: instant(),
    },
    indexes: {
      ux_jobs_key: ['project', 'key', 'slot'],
      ix_jobs_created: ['project', 'slot', 'time_created', 'id'],
      ix_jobs_next_run: ['project', 'slot', 'next_run_at', 'id'],
      ix_jobs_status: ['project', 'status', 'time_created', 'id'],
      ix_jobs_result: ['project', 'slot', 'result', 'time_created', 'id'],
      ix_jobs_client: ['project', 'client_key', 'slot', 'time_created', 'id'],
      ix_jobs_kind: ['project', 'slot', 'schedule_kind', 'time_created', 'id'],
      ix_jobs_stale: ['project', 'slot', 'stale_at', 'id'],
      ix_jobs_all_created: ['slot', 'time_created', 'id'],
      ix_jobs_all_next_run: ['slot', 'next_run_at', 'id'],
      ix_jobs_all_stale: ['slot', 'stale_at', 'id'],
    },
  },
  job_action_kinds: {
    columns: {
      job_id: id(primary),
      action: text(16, primary),
      project: id(),
    },
    indexes: {
      ix_job_action_kinds: ['project', 'action', 'job_id'],
    },
  },
  job_revisions: {
    columns: {
      id: id(primary),
      job_id: id(),
      revision: int(),
      definition: json(),
      at: instant(),
      actor: text(255),
      reason: text(255, nullable),
    },
    indexes: {
      ux_job_revisions: ['job_id', 'revision'],
    },
  },
  job_runs: {
    columns: {
      id: id(primary),
      job_id: id(),
      project: id(),
      client_key: text(255),
      job_revision: int(),
      trigger: text(16),
      scheduled_for: instant(nullable),
      state: text(16),
      actions: json(),
      action_defaults: json(),
      created_at: instant(),
      wait_until: instant(nullable),
      lease_owner: id(nullable),
      lease_until: instant(nullable),
      fence: int(),
      abort_requested_at: instant(nullable),
      abort_reason: text(255, nullable),
      requested_by: text(255, nullable),
      output_position: int(),
    },
    indexes: {
      ix_job_runs_job: ['job_id', 'state'],
      ix_job_runs_client: ['project', 'client_key', 'state', 'id'],
      ix_job_runs_lease: ['state', 'lease_until'],
      ix_job_runs_wait: ['state', 'wait_until'],
    },
  },
  run_output: {
    columns: {
      run_id: id(primary),
      position: int(primary),
      task_id: id(),
      attempt: int(),
      sequence: int(),
      stream: text(8),
      text: longText(),
      at: instant(),
    },
    indexes: {
      ux_run_output_sequence: ['task_id', 'attempt', 'sequence'],
    },
  },
  clients: {
    columns: {
      id: id(primary),
      project: id(),
      key: text(255),
      hostname: text(255),
      description: text(255),
      version: id(),
      capabilities: json(),
      created_at: instant(),
      last_seen_at: instant(),
      session_id: id(nullable),
      slot: id(),
    },
    indexes: {
      ux_clients_key: ['project', 'key', 'slot'],
      ix_clients_created: ['project', 'slot', 'created_at', 'id'],
      ix_clients_seen: ['project', 'slot', 'last_seen_at', 'id'],
      ix_clients_all: ['slot', 'created_at', 'id'],
    },
  },
};

export class CreateJobs implements MigrationInterface {
  readonly name = 'CreateJobs1795251600200';

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, definition] of Object.entries(TABLES)) await createTable(runner, name, definition);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, Object.keys(TABLES).reverse());
  }
}
