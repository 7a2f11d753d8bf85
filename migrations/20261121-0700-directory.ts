import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumn, addIndexes, dropColumn, dropIndexes, instant, nullable } from './kit.js';

const INDEXES: Record<string, Record<string, string[]>> = {
  services: {
    ix_services_name: ['name', 'host'],
    ix_services_state: ['state', 'host', 'name'],
    ix_services_last_seen: ['last_seen_at', 'id'],
  },
  shards: {
    ix_shards_owner_tag: ['owner_id', 'tag_key', 'slice'],
    ix_shards_lease: ['lease_until'],
  },
  background_jobs: {
    ix_background_jobs_project: ['project'],
    ix_background_jobs_about: ['subject'],
    ix_background_jobs_failing: ['fail_count'],
  },
};

/** What the lists of services, shards and background jobs are narrowed and ordered by; and pins by hand. */
export class AddDirectory implements MigrationInterface {
  readonly name = 'AddDirectory1795251600700';

  async up(runner: QueryRunner): Promise<void> {
    await addColumn(runner, 'background_jobs', 'pinned_at', instant(nullable));
    for (const [table, indexes] of Object.entries(INDEXES)) await addIndexes(runner, table, indexes);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, indexes] of Object.entries(INDEXES)) await dropIndexes(runner, table, Object.keys(indexes));
    await dropColumn(runner, 'background_jobs', 'pinned_at');
  }
}
