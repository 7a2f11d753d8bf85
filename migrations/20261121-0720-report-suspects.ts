import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, dropTables, id, instant, int, primary } from './kit.js';

/** Messages that came again: each attempt at one is counted before it is made. */
export class CreateReportSuspects implements MigrationInterface {
  readonly name = 'CreateReportSuspects1795251600720';

  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, 'report_suspects', {
      columns: { id: id(primary), tries: int(), taker: id(), tried_at: instant() },
      indexes: { ix_report_suspects_tried: ['tried_at'] },
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, ['report_suspects']);
  }
}
