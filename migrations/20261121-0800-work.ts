import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  addColumn,
  addIndexes,
  big,
  dropColumn,
  dropIndexes,
  id,
  instant,
  int,
  json,
  loosenColumn,
  nullable,
  requireColumn,
  text,
} from './kit.js';

/** What only work that is under way has. */
const OWNED = { service_id: id, incarnation: int, lease_until: instant, started_at: instant };
const REQUIRED = {
  state: text(16),
  tag: json(),
  created_at: instant(),
  attempts: int(),
  fail_count: int(),
  writes: big(),
};
const OPTIONAL = { wake_at: instant(nullable), reason: text(255, nullable) };
const INDEXES = { ix_leases_state: ['state', 'wake_at', 'id'] };

/** Leases of work that waits for an engine, and that is parked. No version before this one has ever had a lease. */
export class ExtendLeases implements MigrationInterface {
  readonly name = 'ExtendLeases1795251600800';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM leases');
    for (const [name, make] of Object.entries(OWNED)) await loosenColumn(runner, 'leases', name, make());
    for (const [name, make] of Object.entries({ ...REQUIRED, ...OPTIONAL })) {
      await addColumn(runner, 'leases', name, make);
    }
    for (const [name, make] of Object.entries(REQUIRED)) await requireColumn(runner, 'leases', name, make);
    await addIndexes(runner, 'leases', INDEXES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM leases');
    await dropIndexes(runner, 'leases', Object.keys(INDEXES));
    for (const name of Object.keys({ ...REQUIRED, ...OPTIONAL })) await dropColumn(runner, 'leases', name);
    for (const [name, make] of Object.entries(OWNED)) await requireColumn(runner, 'leases', name, make());
  }
}
