import type { Actor, Role } from '../../src/auth/actor.js';

/** A caller of a role; one project unless it is null, and the client for an agent. */
export function actor(role: Role, project: string | null = null, clientKey: string | null = null): Actor {
  const name = [role.toLowerCase(), project, clientKey].filter((part) => part !== null).join('-');
  return { id: name, name, userId: name, role, project, clientKey, rightsKey: name, expiresAt: null };
}

export const ADMIN = actor('ADMIN');
export const MEMBER = actor('MEMBER', 'default');
export const OTHER_MEMBER = actor('MEMBER', 'other');
