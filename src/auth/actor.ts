/** What a caller may do, from most to least. */
export const ROLES = ['ADMIN', 'OPERATOR', 'MEMBER', 'READER', 'AGENT'] as const;
export type Role = (typeof ROLES)[number];

/** Who calls. */
export interface Actor {
  /** The token's id or the JWT's subject; `system` for the server itself. */
  id: string;
  /** For people: shown in activity and revisions. */
  name: string;
  /** The Freezer document's user_id of what this caller makes. */
  userId: string;
  role: Role;
  /** The one project it sees; null = every project. */
  project: string | null;
  /** The one client that an agent speaks for (its `key`); null for everyone else. */
  clientKey: string | null;
  /** The canonical scope and its revocation version: two callers with the same key see the same. */
  rightsKey: string;
  /** Epoch milliseconds; null = never. */
  expiresAt: number | null;
}

/** What every domain function is told of the call, as its first argument. */
export interface Ctx {
  actor: Actor;
  /** Also in the log and in an error's extensions. */
  requestId: string;
  /** Where the call came from, for the activity. */
  origin: { via: 'HTTP' | 'WEBSOCKET' | 'SSE' | 'REST' | 'AMQP' | 'SYSTEM'; address: string | null };
}

/** The server itself: sees and may do everything. */
export const SYSTEM: Ctx = {
  actor: {
    id: 'system',
    name: 'orrery',
    userId: 'orrery',
    role: 'ADMIN',
    project: null,
    clientKey: null,
    rightsKey: 'system',
    expiresAt: null,
  },
  requestId: 'system',
  origin: { via: 'SYSTEM', address: null },
};

/** The project that a caller's new things belong to when it names none. */
export const DEFAULT_PROJECT = 'default';
