import { EntitySchema } from 'typeorm';
import type { StoredRole } from './api-token.js';
import { id, instant, text } from './columns.js';

/** A browser's session: begun by a one-time login code, then carried by a cookie. */
export interface SessionRow {
  id: string;
  /** The token whose rights it has and with which it ends; null when its maker had none in the database. */
  tokenId: string | null;
  name: string;
  userId: string;
  role: StoredRole;
  project: string | null;
  clientKey: string | null;
  /** SHA-256 of the one-time login code, in hexadecimal. */
  codeHash: string;
  codeExpiresAt: number;
  /** SHA-256 of the cookie's secret; null until the code has been used. */
  secretHash: string | null;
  createdAt: number;
  expiresAt: number;
  endedAt: number | null;
}

export const SessionEntity = new EntitySchema<SessionRow>({
  name: 'Session',
  tableName: 'sessions',
  columns: {
    id: id({ primary: true }),
    tokenId: id({ nullable: true }),
    name: text(255),
    userId: text(255),
    role: text(16),
    project: id({ nullable: true }),
    clientKey: text(255, { nullable: true }),
    codeHash: id(),
    codeExpiresAt: instant(),
    secretHash: id({ nullable: true }),
    createdAt: instant(),
    expiresAt: instant(),
    endedAt: instant({ nullable: true }),
  },
  indices: [
    { name: 'ux_sessions_code', columns: ['codeHash'], unique: true },
    { name: 'ix_sessions_token', columns: ['tokenId'] },
    { name: 'ix_sessions_expires', columns: ['expiresAt'] },
  ],
});
