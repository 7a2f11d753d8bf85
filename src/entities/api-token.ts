import { EntitySchema } from 'typeorm';
import { id, instant, text } from './columns.js';

/** What a caller may do, as it is stored (the roles of auth/actor.ts). */
export type StoredRole = 'ADMIN' | 'OPERATOR' | 'MEMBER' | 'READER' | 'AGENT';

/** A bearer token of the API. Its secret is never stored, only a hash of it. */
export interface ApiTokenRow {
  id: string;
  /** For people: what it is for. */
  name: string;
  role: StoredRole;
  /** The one project it sees; null = every project. */
  project: string | null;
  /** The one client an agent speaks for (its `key`); null for every other role. */
  clientKey: string | null;
  /** SHA-256 of the secret, in hexadecimal. */
  secretHash: string;
  createdAt: number;
  /** The id of the actor who made it. */
  createdBy: string;
  expiresAt: number | null;
  revokedAt: number | null;
  revokedBy: string | null;
  /** Written at most once a minute. */
  lastUsedAt: number | null;
}

export const ApiTokenEntity = new EntitySchema<ApiTokenRow>({
  name: 'ApiToken',
  tableName: 'api_tokens',
  columns: {
    id: id({ primary: true }),
    name: text(255),
    role: text(16),
    project: id({ nullable: true }),
    clientKey: text(255, { nullable: true }),
    secretHash: id(),
    createdAt: instant(),
    createdBy: text(255),
    expiresAt: instant({ nullable: true }),
    revokedAt: instant({ nullable: true }),
    revokedBy: text(255, { nullable: true }),
    lastUsedAt: instant({ nullable: true }),
  },
  indices: [
    { name: 'ix_api_tokens_project', columns: ['project', 'createdAt', 'id'] },
    { name: 'ix_api_tokens_created', columns: ['createdAt', 'id'] },
    { name: 'ix_api_tokens_role', columns: ['role', 'createdAt', 'id'] },
  ],
});
