import { randomBytes } from 'node:crypto';
import { MIGRATIONS } from '../../migrations/all.js';
import { Activities } from '../../src/auth/activity.js';
import type { Actor, Ctx, Role } from '../../src/auth/actor.js';
import { Authenticator } from '../../src/auth/authenticate.js';
import type { Identity, Refusal } from '../../src/auth/identity.js';
import { Revocations } from '../../src/auth/revocations.js';
import { Sessions } from '../../src/auth/sessions.js';
import { ApiTokens } from '../../src/auth/tokens.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import { createOutbox } from '../../src/events/outbox.js';
import { systemIds } from '../../src/lib/ids.js';
import { migratedDatabase } from '../kit/migrated.js';
import type { DatabaseKind } from '../kit/stores.js';

export interface AuthKit {
  db: Database;
  clock: { now(): number; forward(ms: number): void };
  activities: Activities;
  tokens: ApiTokens;
  sessions: Sessions;
  revocations: Revocations;
  authenticator: Authenticator;
  parts: { db: Database; ids: typeof systemIds; clock: { now(): number }; random: typeof randomBytes };
  /** Who a bearer token stands for; the message of the refusal when it is refused. */
  whoIs(text: string): Promise<Actor | string>;
  stop(): Promise<void>;
}

/** The parts of auth over a fresh database, with a clock that stands until it is moved. */
export async function startAuth(
  kind: DatabaseKind,
  options: { adminToken?: string; checkJwt?: (text: string) => Promise<Identity | Refusal> } = {},
): Promise<AuthKit> {
  const store = await migratedDatabase(kind);
  let at = 1_800_000_000_000;
  const clock = {
    now: () => at,
    forward(ms: number) {
      at += ms;
    },
  };
  const db = await openDatabase({ url: store.url, clock }, MIGRATIONS);
  const revocations = new Revocations();
  const outbox = createOutbox({ ring: () => {} }, systemIds);
  const activities = new Activities({ db, outbox, ids: systemIds });
  const parts = { db, ids: systemIds, clock, random: randomBytes };
  const tokens = new ApiTokens({ ...parts, activities, revocations });
  const sessions = new Sessions(parts);
  const authenticator = new Authenticator({
    db,
    clock,
    sessions,
    revocations,
    adminToken: options.adminToken ?? null,
    checkJwt: options.checkJwt ?? null,
  });
  return {
    db,
    clock,
    activities,
    tokens,
    sessions,
    revocations,
    authenticator,
    parts,
    async whoIs(text) {
      const call = { requestId: 'r', origin: { via: 'HTTP', address: null } } as const;
      const found = await authenticator.authenticate({ authorization: `Bearer ${text}`, cookie: null }, call);
      return found.ok ? found.ctx.actor : found.refusal.message;
    },
    async stop() {
      await db.close();
      await store.drop();
    },
  };
}

/** A caller of a role, as the roles are whole. */
export function callerOf(role: Role, project: string | null = null, clientKey: string | null = null): Ctx {
  const id = `${role.toLowerCase()}-${project ?? 'all'}`;
  const actor: Actor = { id, name: id, userId: id, role, project, clientKey, rightsKey: id, expiresAt: null };
  return { actor, requestId: 'request', origin: { via: 'HTTP', address: '10.0.0.1' } };
}
