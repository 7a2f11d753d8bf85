import type { Clock } from '../lib/time.js';
import { MINUTE } from '../lib/time.js';

/** What one operation cost and what its token may still spend. All null but the cost where there is no limit. */
export interface RateLimitState {
  cost: number;
  /** What a full bucket holds: the cost that may be spent a minute. */
  limit: number | null;
  remaining: number | null;
  /** When the bucket will be full again, in epoch milliseconds. */
  resetAt: number | null;
}

/** Whether a cost may be spent. */
export interface Spending {
  allowed: boolean;
  state: RateLimitState;
  /** In how many milliseconds it may; 0 when it may now. */
  retryAfterMs: number;
}

interface Bucket {
  /** What was left at `at`; below zero after an operation that cost more than there was. */
  left: number;
  at: number;
}

const MOST_BUCKETS = 10_000;

/**
 * Token buckets on complexity, one for each actor of this process: `perMinute` at once, filled again within a minute.
 * An operation is let in while anything is left that covers it, or when the bucket is full (a single operation that
 * costs more than a bucket is for the complexity limit to refuse).
 */
export class RateLimiter {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  /** `perMinute` 0 = no limit. */
  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Takes the cost from the actor's bucket, or takes nothing and says when to come again. */
  spend(actorId: string, cost: number): Spending {
    return this.#spend(actorId, cost, cost);
  }

  /** Whether the actor could spend the cost now; takes nothing. */
  look(actorId: string, cost: number): Spending {
    return this.#spend(actorId, cost, 0);
  }

  #spend(actorId: string, cost: number, taken: number): Spending {
    const limit = this.#perMinute;
    if (limit === 0) {
      return { allowed: true, state: { cost, limit: null, remaining: null, resetAt: null }, retryAfterMs: 0 };
    }
    const now = this.#clock.now();
    const bucket = this.#bucket(actorId, now);
    const allowed = bucket.left >= cost || bucket.left >= limit;
    if (allowed) bucket.left -= taken;
    const resetAt = Math.ceil(now + ((limit - bucket.left) / limit) * MINUTE);
    const missing = Math.min(cost, limit) - bucket.left;
    const retryAfterMs = allowed ? 0 : Math.ceil((missing / limit) * MINUTE);
    return { allowed, state: { cost, limit, remaining: Math.max(0, Math.floor(bucket.left)), resetAt }, retryAfterMs };
  }

  #bucket(actorId: string, now: number): Bucket {
    const bucket = this.#buckets.get(actorId);
    if (!bucket) {
      if (this.#buckets.size >= MOST_BUCKETS) this.#forgetFull(now);
      const fresh = { left: this.#perMinute, at: now };
      this.#buckets.set(actorId, fresh);
      return fresh;
    }
    const gained = (Math.max(0, now - bucket.at) / MINUTE) * this.#perMinute;
    bucket.left = Math.min(this.#perMinute, bucket.left + gained);
    bucket.at = now;
    return bucket;
  }

  #forgetFull(now: number): void {
    for (const [id, bucket] of this.#buckets) if (now - bucket.at >= MINUTE) this.#buckets.delete(id);
    if (this.#buckets.size >= MOST_BUCKETS) this.#buckets.clear();
  }
}
