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

  /**
   * Takes the cost from the actor's bucket; or says when to come again, and takes but `looked`, as far as there is so
   * much: what it took to find out the cost.
   */
  spend(actorId: string, cost: number, looked = 0): Spending {
    const limit = this.#perMinute;
    if (limit === 0) {
      return { allowed: true, state: { cost, limit: null, remaining: null, resetAt: null }, retryAfterMs: 0 };
    }
    const now = this.#clock.now();
    const bucket = this.#bucket(actorId, now);
    if (bucket.left < cost && bucket.left < limit) return this.refuse(actorId, cost, looked);
    bucket.left -= cost;
    return { allowed: true, state: this.#state(bucket, cost), retryAfterMs: 0 };
  }

  /** Says when to come again with a cost that is too much now; takes `looked`, as far as there is so much. */
  refuse(actorId: string, cost: number, looked: number): Spending {
    const limit = this.#perMinute;
    const bucket = this.#bucket(actorId, this.#clock.now());
    bucket.left -= Math.max(0, Math.min(bucket.left, looked));
    const missing = Math.max(0, Math.min(cost, limit) - bucket.left);
    return { allowed: false, state: this.#state(bucket, cost), retryAfterMs: Math.ceil((missing / limit) * MINUTE) };
  }

  /** What the actor may spend at once: without end when the bucket is full. */
  left(actorId: string): number {
    if (this.#perMinute === 0) return Number.POSITIVE_INFINITY;
    const { left } = this.#bucket(actorId, this.#clock.now());
    return left >= this.#perMinute ? Number.POSITIVE_INFINITY : left;
  }

  #state({ left, at }: Bucket, cost: number): RateLimitState {
    const limit = this.#perMinute;
    const resetAt = Math.ceil(at + ((limit - left) / limit) * MINUTE);
    return { cost, limit, remaining: Math.max(0, Math.floor(left)), resetAt };
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
