import type { Actor } from './actor.js';
import type { Grant } from './grant.js';
import type { Revocations } from './revocations.js';

/** Who a credential stands for, before it is asked for anything. */
export interface Identity {
  id: string;
  name: string;
  userId: string;
  grant: Grant;
  /** Epoch milliseconds; null = never. */
  expiresAt: number | null;
}

/** Why a credential was refused. `UNAVAILABLE`: nobody can say at the moment (a store or the key server is away). */
export interface Refusal {
  code: 'UNAUTHENTICATED' | 'UNAVAILABLE';
  message: string;
}

export const refuse = (message: string): Refusal => ({ code: 'UNAUTHENTICATED', message });

/** Whether checking a credential ended in a refusal. */
export const isRefusal = (value: Identity | Refusal): value is Refusal => 'code' in value;

/** The actor of an identity, with the rights key of this moment. */
export function actorOf(identity: Identity, revocations: Revocations): Actor {
  const { id, name, userId, grant, expiresAt } = identity;
  return { id, name, userId, ...grant, rightsKey: revocations.rightsKey(grant), expiresAt };
}
