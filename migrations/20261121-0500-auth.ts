import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, dropTables, id, instant, json, nullable, primary, type TableDefinition, text } from './kit.js';

const TABLES: Record<string, TableDefinition> = {
  api_tokens: {
    columns: {
      id: id(primary),
      name: text(255),
      role: text(16),
      project: id(nullable),
      client_key: text(255, nullable),
      secret_hash: id(),
      created_at: instant(),
      created_by: text(255),
      expires_at: instant(nullable),
      revoked_at: instant(nullable),
      revoked_by: text(255, nullable),
      last_used_at: instant(nullable),
    },
    indexes: {
      ix_api_tokens_project: ['project', 'created_at', 'id'],
      ix_api_tokens_created: ['created_at', 'id'],
      ix_api_tokens_role: ['role', 'created_at', 'id'],
    },
  },
  sessions: {
    columns: {
      id: id(primary),
      token_id: id(nullable),
      name: text(255),
      user_id: text(255),
      role: text(16),
      project: id(nullable),
      client_key: text(255, nullable),
      code_hash: id(),
      code_expires_at: instant(),
      secret_hash: id(nullable),
      created_at: instant(),
      expires_at: instant(),
      ended_at: instant(nullable),
    },
    indexes: {
      ux_sessions_code: ['code_hash'],
      ix_sessions_token: ['token_id'],
      ix_sessions_expires: ['expires_at'],
    },
  },
  activity: {
    columns: {
      id: id(primary),
      project: id(nullable),
      actor_id: text(255),
      actor_name: text(255),
      role: text(16),
      action: id(),
      subject: id(nullable),
      outcome: id(),
      detail: json(nullable),
      via: text(16),
      address: id(nullable),
      request_id: id(),
      at: instant(),
    },
    indexes: {
      ix_activity_at: ['at', 'id'],
      ix_activity_project: ['project', 'at', 'id'],
      ix_activity_actor: ['actor_id', 'at', 'id'],
      ix_activity_action: ['action', 'at', 'id'],
      ix_activity_subject: ['subject', 'at', 'id'],
    },
  },
};

export class CreateAuth implements MigrationInterface {
  readonly name = 'CreateAuth1795251600500';

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, definition] of Object.entries(TABLES)) await createTable(runner, name, definition);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, Object.keys(TABLES).reverse());
  }
}
