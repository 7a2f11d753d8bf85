import { IsNull } from 'typeorm';
import type { Database } from '../db/database.js';
import type { Tx } from '../db/transaction.js';
import { insertRows, updateRows } from '../db/write.js';
import { ApiTokenEntity } from '../entities/api-token.js';
import { ID_PREFIX } from '../entities/ids.js';
import { SessionEntity, type SessionRow } from '../entities/session.js';
import type { IdSource } from '../lib/ids.js';
import { type Clock, DAY, MINUTE } from '../lib/time.js';
import type { Actor } from './actor.js';
import { type Identity, type Refusal, refuse } from './identity.js';
import { hashSecret, makeSecret, type RandomSource, secretFits } from './secret.js';
import { identityOfToken } from './token-check.js';

/** How long a login link can be used. */
export const LOGIN_CODE_LIFETIME = 10 * MINUTE;
const SESSION_LIFETIME = 7 * DAY;

/** The name of the session's cookie. */
export const SESSION_COOKIE = 'orrery_session';

const ENDED = 'The session has ended: log in again.';

interface Parts {
  db: Database;
  ids: IdSource;
  clock: Clock;
  random: RandomSource;
}

/** Browser sessions: a one-time code (shown in a link) is changed once for a cookie. */
export class Sessions {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Makes a one-time login code for an actor: good once, for 10 minutes. The session gets the actor's rights and ends
   * with the actor's token.
   */
  async makeCode(actor: Actor): Promise<string> {
    const { db, ids, clock, random } = this.#parts;
    const code = makeSecret(random);
    const now = clock.now();
    const lastInstant = now + SESSION_LIFETIME;
    const row: SessionRow = {
      id: ids.next(ID_PREFIX.session),
      tokenId: actor.id.startsWith(`${ID_PREFIX.apiToken}_`) ? actor.id : null,
      name: actor.name,
      userId: actor.userId,
      role: actor.role,
      project: actor.project,
      clientKey: actor.clientKey,
      codeHash: hashSecret(code),
      codeExpiresAt: now + LOGIN_CODE_LIFETIME,
      secretHash: null,
      createdAt: now,
      expiresAt: actor.expiresAt === null ? lastInstant : Math.min(actor.expiresAt, lastInstant),
      endedAt: null,
    };
    await db.transaction((tx) => insertRows(tx, SessionEntity, [row]));
    return code;
  }

  /** Changes a code for the value of the session's cookie and its end; null when the code is used, old or unknown. */
  async redeem(code: string): Promise<{ cookie: string; expiresAt: number } | null> {
    const { db, clock, random } = this.#parts;
    const codeHash = hashSecret(code);
    const secret = makeSecret(random);
    return db.transaction(async (tx) => {
      await this.#sweep(tx);
      const row = await tx.manager.getRepository(SessionEntity).findOneBy({ codeHash, secretHash: IsNull() });
      if (!row || row.codeExpiresAt <= clock.now()) return null;
      // Two browsers may come with one code at once: the condition lets one of them through.
      const sql = 'UPDATE sessions SET secret_hash = ? WHERE id = ? AND secret_hash IS NULL';
      const won = await tx.execute(sql, [hashSecret(secret), row.id]);
      return won === 1 ? { cookie: `${row.id}.${secret}`, expiresAt: row.expiresAt } : null;
    });
  }

  /** Whose session a cookie's value stands for. Throws the driver's error when the database is away. */
  async check(cookie: string): Promise<Identity | Refusal> {
    const { db, clock } = this.#parts;
    const [id = '', secret = ''] = cookie.split('.');
    const row = await db.manager.getRepository(SessionEntity).findOneBy({ id });
    if (!row?.secretHash || !secretFits(secret, row.secretHash)) return refuse(ENDED);
    const now = clock.now();
    if (row.endedAt !== null || row.expiresAt <= now) return refuse(ENDED);
    const { name, userId, role, project, clientKey, expiresAt } = row;
    const identity = { id: row.tokenId ?? row.id, name, userId, grant: { role, project, clientKey }, expiresAt };
    if (row.tokenId === null) return identity;
    const token = await db.manager.getRepository(ApiTokenEntity).findOneBy({ id: row.tokenId });
    return token && 'grant' in identityOfToken(token, now) ? identity : refuse(ENDED);
  }

  /** Ends the session of a cookie; nothing happens when it has none. */
  async end(cookie: string): Promise<void> {
    const { db, clock } = this.#parts;
    if (!('grant' in (await this.check(cookie)))) return;
    const [id = ''] = cookie.split('.');
    await db.transaction((tx) => updateRows(tx, SessionEntity, { id }, { endedAt: clock.now() }));
  }

  /** Removes what ended long ago: unused codes after their time, sessions after theirs. */
  async #sweep(tx: Tx): Promise<void> {
    const now = this.#parts.clock.now();
    await tx.execute('DELETE FROM sessions WHERE expires_at < ?', [now - DAY]);
    await tx.execute('DELETE FROM sessions WHERE secret_hash IS NULL AND code_expires_at < ?', [now - DAY]);
  }
}
