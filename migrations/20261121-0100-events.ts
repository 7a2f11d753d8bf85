import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, dropTables, id, instant, json, nullable, primary, type TableDefinition } from './kit.js';

const TABLES: Record<string, TableDefinition> = {
  events: {
    columns: {
      id: id(primary),
      seq: instant(nullable),
      topic: id(),
      project: id(nullable),
      subject: id(),
      payload: json(),
      at: instant(),
    },
    indexes: {
      ux_events_seq: ['seq'],
    },
  },
  stream_heads: {
    columns: {
      name: id(primary),
      epoch: id(),
      last_seq: instant(),
    },
  },
};

export class CreateEvents implements MigrationInterface {
  readonly name = 'CreateEvents1795251600100';

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, definition] of Object.entries(TABLES)) await createTable(runner, name, definition);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, Object.keys(TABLES).reverse());
  }
}
