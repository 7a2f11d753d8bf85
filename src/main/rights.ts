import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Activities } from '../auth/activity.js';
import { provideAdminToken } from '../auth/admin-token.js';
import { Authenticator } from '../auth/authenticate.js';
import { actorOf } from '../auth/identity.js';
import { createJwtCheck } from '../auth/jwt.js';
import { Revocations } from '../auth/revocations.js';
import { systemRandom } from '../auth/secret.js';
import { Sessions } from '../auth/sessions.js';
import { ApiTokens } from '../auth/tokens.js';
import type { Config } from '../config/config.js';
import type { Database } from '../db/database.js';
import type { Feed } from '../events/feed.js';
import type { Outbox } from '../events/outbox.js';
import { systemIds } from '../lib/ids.js';
import { systemClock } from '../lib/time.js';

/** Who may do what, in this process. */
export interface Rights {
  activities: Activities;
  authenticator: Authenticator;
  revocations: Revocations;
  sessions: Sessions;
  tokens: ApiTokens;
}

function jwtCheckOf(rights: Config['rights']): ReturnType<typeof createJwtCheck> | null {
  const { jwksUrl, jwtIssuer, jwtAudience } = rights;
  if (jwksUrl === null || jwtIssuer === null || jwtAudience === null) return null;
  return createJwtCheck({
    jwksUrl,
    issuer: jwtIssuer,
    audience: jwtAudience,
    rolesClaim: rights.jwtRolesClaim,
    rolePrefix: rights.jwtRolePrefix ?? '',
    projectClaim: rights.jwtProjectClaim,
    clientClaim: rights.jwtClientClaim,
    nameClaim: rights.jwtNameClaim,
  });
}

/** Rights that another process ended: it wrote the fact into the event log, and this process ends them too. */
function followRevocations(feed: Feed, revocations: Revocations): void {
  feed.listen({
    take: (events) => {
      for (const event of events) {
        if (event.topic !== 'activityRecorded' || !('action' in event.payload)) continue;
        const { action, subject, outcome = 'OK' } = event.payload;
        if (action === 'apiTokenRevoke' && outcome === 'OK' && subject !== null) revocations.end(subject);
      }
    },
    lost: () => {},
  });
}

/** Puts authentication together. */
export function createRights(config: Config, parts: { db: Database; outbox: Outbox; feed: Feed }): Rights {
  const { db, outbox, feed } = parts;
  const base = { db, ids: systemIds, clock: systemClock, random: systemRandom };
  const activities = new Activities({ db, outbox, ids: systemIds });
  const revocations = new Revocations();
  const sessions = new Sessions(base);
  const tokens = new ApiTokens({ ...base, activities, revocations });
  const authenticator = new Authenticator({
    db,
    clock: systemClock,
    sessions,
    revocations,
    adminToken: config.rights.adminToken,
    checkJwt: jwtCheckOf(config.rights),
  });
  followRevocations(feed, revocations);
  return { activities, authenticator, revocations, sessions, tokens };
}

/** What a person on this host needs to log in at a first start. */
export interface FirstLogin {
  /** Where the admin token lies. */
  tokenPath: string;
  /** Good once, for 10 minutes. */
  code: string;
}

/** Makes the admin token of the data directory, where it is not there, and a one-time login code. */
export async function provideFirstLogin(rights: Rights, db: Database, dataDirectory: string): Promise<FirstLogin> {
  const base = { db, ids: systemIds, clock: systemClock, random: systemRandom };
  const { path, owner } = await provideAdminToken(base, dataDirectory);
  const code = await rights.sessions.makeCode(actorOf(owner, rights.revocations));
  return { tokenPath: path, code };
}

/**
 * The name under which this process is registered, unless it is configured. Where the system chooses the port, which is
 * known only later, a random part keeps the services of one host apart.
 */
export const defaultServiceName = (port: number): string =>
  `${hostname()}-${port === 0 ? randomBytes(4).toString('hex') : port}`;
