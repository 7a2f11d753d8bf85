import type { TokenLineFragment } from '@orrery/sdk';
import { instant, type Row } from '../output/cell.js';

/** What a list of tokens shows. */
export const TOKEN_COLUMNS = ['name', 'id', 'role', 'project', 'state', 'expiresAt', 'lastUsedAt', 'createdBy'];

function stateOf(token: TokenLineFragment, now: number): string {
  if (token.revokedAt !== null) return 'REVOKED';
  return token.expiresAt !== null && Date.parse(token.expiresAt) <= now ? 'EXPIRED' : 'ACTIVE';
}

/** A token as a row; `now` in epoch milliseconds. */
export function tokenRow(token: TokenLineFragment, now: number): Row {
  return {
    name: token.name,
    id: token.id,
    role: token.role,
    project: token.project,
    client: token.clientKey,
    state: stateOf(token, now),
    expiresAt: instant(token.expiresAt),
    lastUsedAt: instant(token.lastUsedAt),
    createdAt: instant(token.createdAt),
    createdBy: token.createdBy,
    revokedAt: instant(token.revokedAt),
  };
}
