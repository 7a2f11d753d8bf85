import type { MigrationInterface, QueryRunner } from 'typeorm';
import { dropColumn } from './kit.js';

/** What lets reports in any order end in the same rows: who said a field, and when a deployment was reset. */
const COLUMNS: readonly (readonly [table: string, column: string, type: string])[] = [
  ['tasks', 'given_by', 'json'],
  ['transactions', 'reset_at', 'bigint'],
  ['transactions', 'message_at', 'bigint'],
  ['transactions', 'message_by', 'varchar(191)'],
];

/** Columns that may be empty, added in place: TypeORM would copy SQLite's tables, which may be large. */
export class AddReportedOrder implements MigrationInterface {
  readonly name = 'AddReportedOrder1795251600850';

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, column, type] of COLUMNS) {
      if (await runner.hasColumn(table, column)) continue;
      await runner.query(`ALTER TABLE ${table} ADD COLUMN ${column} ${type} NULL`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, column] of COLUMNS) await dropColumn(runner, table, column);
  }
}
