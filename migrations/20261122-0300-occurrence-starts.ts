import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumn, addIndexes, dropColumn, dropIndexes, instant, nullable } from './kit.js';

const INDEXES = { ix_occurrences_stretch: ['kind', 'until', 'subject', 'scheduled_for'] };

/** When the run of a due time began, for its lateness; and what finds the stretches that reach into a window. */
export class AddOccurrenceStarts implements MigrationInterface {
  readonly name = 'AddOccurrenceStarts1795316400000';

  async up(runner: QueryRunner): Promise<void> {
    await addColumn(runner, 'occurrences', 'started_at', instant(nullable));
    await addIndexes(runner, 'occurrences', INDEXES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, 'occurrences', Object.keys(INDEXES));
    await dropColumn(runner, 'occurrences', 'started_at');
  }
}
