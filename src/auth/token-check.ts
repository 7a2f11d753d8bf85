import type { Database } from '../db/database.js';
import { ApiTokenEntity, type ApiTokenRow } from '../entities/api-token.js';
import { isoText } from '../lib/iso-text.js';
import { type Clock, MINUTE } from '../lib/time.js';
import { type Grant, grantFault } from './grant.js';
import { type Identity, type Refusal, refuse } from './identity.js';
import { parseToken, secretFits } from './secret.js';

const UNKNOWN = 'The bearer token is not known here: check that it was copied whole and belongs to this server.';

/** Whose rights a stored token has now. */
export function identityOfToken(row: ApiTokenRow, now: number): Identity | Refusal {
  if (row.revokedAt !== null) return refuse('The token has been revoked: ask for a new one.');
  if (row.expiresAt !== null && row.expiresAt <= now) {
    return refuse(`The token expired at ${isoText(row.expiresAt)}: ask for a new one.`);
  }
  const { id, name, role, project, clientKey, expiresAt } = row;
  const grant: Grant = { role, project, clientKey };
  if (grantFault(grant)) return refuse('The token was made with rights that are not whole: ask for a new one.');
  return { id, name, userId: name, grant, expiresAt };
}

/** Notes that a token has been used, at most once a minute, without making the caller wait. */
function noteUse(db: Database, row: ApiTokenRow, now: number): void {
  if (row.lastUsedAt !== null && now - row.lastUsedAt < MINUTE) return;
  const sql = 'UPDATE api_tokens SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)';
  // Losing one note harms nobody: the next use writes it.
  db.transaction((tx) => tx.execute(sql, [now, row.id, now])).catch(() => {});
}

/** Checks an API token's text against the table. Throws the driver's error when the database is away. */
export async function checkToken(db: Database, clock: Clock, text: string): Promise<Identity | Refusal> {
  const parsed = parseToken(text);
  if (!parsed) return refuse(UNKNOWN);
  const row = await db.manager.getRepository(ApiTokenEntity).findOneBy({ id: parsed.id });
  if (!row || !secretFits(parsed.secret, row.secretHash)) return refuse(UNKNOWN);
  const now = clock.now();
  const identity = identityOfToken(row, now);
  if ('grant' in identity) noteUse(db, row, now);
  return identity;
}
