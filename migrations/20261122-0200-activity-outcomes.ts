import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addIndexes, dropIndexes } from './kit.js';

const INDEXES = { ix_activity_outcome: ['outcome', 'at', 'id'] };

/** What finds the commands that were refused. */
export class IndexActivityOutcomes implements MigrationInterface {
  readonly name = 'IndexActivityOutcomes1795312800000';

  async up(runner: QueryRunner): Promise<void> {
    await addIndexes(runner, 'activity', INDEXES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, 'activity', Object.keys(INDEXES));
  }
}
