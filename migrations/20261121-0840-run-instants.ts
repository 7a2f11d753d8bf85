import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addIndexes, dropIndexes } from './kit.js';

const INDEXES = { ix_job_runs_instant: ['scheduled_for', 'job_id'] };

/** What tells whether an instant of a job has run twice. */
export class IndexRunInstants implements MigrationInterface {
  readonly name = 'IndexRunInstants1795251600840';

  async up(runner: QueryRunner): Promise<void> {
    await addIndexes(runner, 'job_runs', INDEXES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, 'job_runs', Object.keys(INDEXES));
  }
}
