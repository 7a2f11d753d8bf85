import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumn, big, dropColumn, nullable } from './kit.js';

/** Which connection holds a stream's guard row, so that a frozen one can be ended. */
export class AddHolders implements MigrationInterface {
  readonly name = 'AddHolders1795251600830';

  async up(runner: QueryRunner): Promise<void> {
    await addColumn(runner, 'stream_heads', 'connection_id', big(nullable));
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropColumn(runner, 'stream_heads', 'connection_id');
  }
}
