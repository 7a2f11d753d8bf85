import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, dropTables, id, instant, primary } from './kit.js';

/** Deployments that ended lately: whether one of their tasks was left open is looked up once more. */
export class CreateTransactionEnds implements MigrationInterface {
  readonly name = 'CreateTransactionEnds1795251600730';

  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, 'transaction_ends', {
      columns: { transaction_id: id(primary), ended_at: instant() },
      indexes: { ix_transaction_ends_ended: ['ended_at'] },
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, ['transaction_ends']);
  }
}
