import type { Database } from '../db/database.js';
import { isConnectionLost } from '../db/failures.js';
import { type Clock, SECOND } from '../lib/time.js';
import type { Actor, Ctx } from './actor.js';
import { actorOf, type Identity, isRefusal, type Refusal, refuse } from './identity.js';
import { looksLikeJwt } from './jwt.js';
import type { Revocations } from './revocations.js';
import { hashSecret, secretFits } from './secret.js';
import { SESSION_COOKIE, type Sessions } from './sessions.js';
import { checkToken } from './token-check.js';

/** What a call brings to prove who it is, whatever way it came. */
export interface Credentials {
  /** The Authorization header, or the same text from a WebSocket's `connection_init`. */
  authorization: string | null;
  /** The Cookie header; null where cookies do not count. */
  cookie: string | null;
}

/** What is known of the call itself. */
export type Call = Pick<Ctx, 'requestId' | 'origin'>;

export type Authentication = { ok: true; ctx: Ctx; byCookie: boolean } | { ok: false; refusal: Refusal };

/** How long an answer is kept: a revocation by another process takes effect at the latest then. */
const KEEP_TOKEN = SECOND;
const KEEP_JWT = 30 * SECOND;
const MOST_KEPT = 2_000;

interface Kept {
  actor: Actor;
  until: number;
}

interface Parts {
  db: Database;
  clock: Clock;
  sessions: Sessions;
  revocations: Revocations;
  /** The admin token that the operator configured; null = none. */
  adminToken: string | null;
  checkJwt: ((text: string) => Promise<Identity | Refusal>) | null;
}

const MISSING = 'No token came with the request: send "Authorization: Bearer <token>".';
/** Short: it goes into the reason of a close, which has at most 123 bytes. */
const MISSING_IN_INIT = 'No token came: send {"authorization": "Bearer <token>"} as the payload of connection_init.';

function cookieValue(header: string): string | null {
  for (const part of header.split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === SESSION_COOKIE && value) return value;
  }
  return null;
}

/** One check of credentials for HTTP, WebSocket, SSE and REST. */
export class Authenticator {
  readonly #parts: Parts;
  readonly #adminHash: string | null;
  readonly #kept = new Map<string, Kept>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#adminHash = parts.adminToken === null ? null : hashSecret(parts.adminToken);
    parts.revocations.onEnd(() => this.#kept.clear());
  }

  /** Who calls; or why nobody may. Answers at once when the same credential was checked a moment ago. Throws only for a bug. */
  authenticate(credentials: Credentials, call: Call): Authentication | Promise<Authentication> {
    const bearer = credentials.authorization;
    const key = bearer ?? (credentials.cookie === null ? null : cookieValue(credentials.cookie));
    if (key === null || key === '')
      return { ok: false, refusal: refuse(call.origin.via === 'WEBSOCKET' ? MISSING_IN_INIT : MISSING) };
    const byCookie = bearer === null;
    const kept = this.#kept.get(key);
    if (kept && kept.until > this.#parts.clock.now())
      return { ok: true, byCookie, ctx: { actor: kept.actor, ...call } };
    return this.#check(key, byCookie).then((found) =>
      isRefusal(found)
        ? { ok: false, refusal: found }
        : { ok: true, byCookie, ctx: { actor: actorOf(found, this.#parts.revocations), ...call } },
    );
  }

  async #check(key: string, byCookie: boolean): Promise<Identity | Refusal> {
    const { version } = this.#parts.revocations;
    try {
      const found = byCookie ? await this.#parts.sessions.check(key) : await this.#checkBearer(key);
      // Rights that ended while the database was asked: what it said may be older.
      if (!isRefusal(found) && version === this.#parts.revocations.version) this.#keep(key, found);
      return found;
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      return { code: 'UNAVAILABLE', message: 'The database cannot be reached to check the token.' };
    }
  }

  async #checkBearer(header: string): Promise<Identity | Refusal> {
    const match = /^Bearer +([\x21-\x7e]+)$/i.exec(header);
    const text = match?.[1];
    if (text === undefined) return refuse('The Authorization header has the form "Bearer <token>".');
    if (this.#adminHash !== null && secretFits(text, this.#adminHash)) return CONFIGURED_ADMIN;
    const { checkJwt, db, clock } = this.#parts;
    if (checkJwt && looksLikeJwt(text)) return checkJwt(text);
    return checkToken(db, clock, text);
  }

  #keep(key: string, identity: Identity): void {
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    const now = this.#parts.clock.now();
    const keep = key.includes('.') && key.startsWith('Bearer') ? KEEP_JWT : KEEP_TOKEN;
    const until = Math.min(now + keep, identity.expiresAt ?? Number.POSITIVE_INFINITY);
    this.#kept.set(key, { actor: actorOf(identity, this.#parts.revocations), until });
  }
}

/** Who comes with the admin token of the configuration. */
const CONFIGURED_ADMIN: Identity = {
  id: 'configured-admin',
  name: 'configured admin token',
  userId: 'admin',
  grant: { role: 'ADMIN', project: null, clientKey: null },
  expiresAt: null,
};
