import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  big,
  bool,
  createTable,
  dropTables,
  id,
  instant,
  int,
  json,
  nullable,
  primary,
  type TableDefinition,
  text,
} from './kit.js';

const TABLES: Record<string, TableDefinition> = {
  services: {
    columns: {
      id: id(primary),
      host: text(255),
      name: id(),
      version: id(),
      labels: json(),
      incarnation: int(),
      state: text(16),
      started_at: instant(),
      last_seen_at: instant(),
    },
    indexes: {
      ux_services_name: ['host', 'name'],
      ix_services_seen: ['state', 'last_seen_at'],
    },
  },
  shards: {
    columns: {
      id: id(primary),
      tag_key: id(),
      tag: json(),
      slice: int(),
      owner_id: id(nullable),
      owner_incarnation: int(nullable),
      connection_id: big(nullable),
      fence: int(),
      lease_until: instant(nullable),
      batches: big(),
    },
    indexes: {
      ux_shards_slice: ['tag_key', 'slice'],
      ix_shards_owner: ['owner_id'],
    },
    foreignKeys: { fk_shards_owner: { column: 'owner_id', table: 'services' } },
  },
  background_jobs: {
    columns: {
      id: id(primary),
      kind: text(32),
      subject: id(),
      project: id(nullable),
      next_run_at: instant(),
      wake_at: instant(nullable),
      job_state: json(),
      tag: json(),
      shard_id: id(),
      generation: int(),
      fail_count: int(),
      fail_reason: text(255, nullable),
      attempts: int(),
      planned_at: instant(),
    },
    indexes: {
      ux_background_jobs_subject: ['kind', 'subject'],
      ix_background_jobs_due: ['shard_id', 'wake_at', 'id'],
    },
  },
  occurrences: {
    columns: {
      id: id(primary),
      background_job_id: id(),
      kind: text(32),
      subject: id(),
      project: id(nullable),
      scheduled_for: instant(),
      until: instant(nullable),
      count: int(),
      outcome: text(16),
      reason: text(255, nullable),
      run_id: id(nullable),
      fired_at: instant(),
      fence: int(),
      service_id: id(),
    },
    indexes: {
      ux_occurrences_due: ['background_job_id', 'scheduled_for'],
      ix_occurrences_subject: ['kind', 'subject', 'scheduled_for', 'id'],
      ix_occurrences_project: ['project', 'kind', 'scheduled_for', 'id'],
      ix_occurrences_kind: ['kind', 'scheduled_for', 'id'],
      ix_occurrences_run: ['run_id'],
      ix_occurrences_fired: ['fired_at'],
    },
  },
  leases: {
    columns: {
      id: id(primary),
      kind: text(32),
      subject: id(),
      service_id: id(),
      incarnation: int(),
      fence: int(),
      lease_until: instant(),
      started_at: instant(),
    },
    indexes: {
      ux_leases_subject: ['kind', 'subject'],
      ix_leases_service: ['service_id', 'lease_until'],
    },
  },
  agenda_jobs: {
    columns: {
      id: id(primary),
      name: id(),
      type: text(8),
      priority: int(),
      data: json(),
      next_run_at: instant(nullable),
      disabled: bool(),
      wake_at: instant(nullable),
      lock_service: id(nullable),
      lock_incarnation: int(nullable),
      locked_at: instant(nullable),
      fence: int(),
      details: json(),
    },
    indexes: {
      ix_agenda_jobs_wake: ['name', 'wake_at'],
      ix_agenda_jobs_lock: ['lock_service'],
    },
  },
};

export class CreateScheduler implements MigrationInterface {
  readonly name = 'CreateScheduler1795251600400';

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, definition] of Object.entries(TABLES)) await createTable(runner, name, definition);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, Object.keys(TABLES).reverse());
  }
}
