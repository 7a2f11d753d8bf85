import { randomUUID } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import { SECOND } from '../../lib/time.js';
import type { Doorbell, DoorbellState } from './doorbell.js';
import { Listeners } from './listeners.js';

export interface RedisDoorbellOptions {
  /** `redis://host:port` or `rediss://...`. */
  url: string;
  /** Before the channels' names, so that several installations can share a Redis. Default `orrery:`. */
  prefix?: string;
  /** Milliseconds between looks while Redis is away. Default 1,000. */
  interval?: number;
  /** Told when Redis goes and comes. */
  onState?: (state: DoorbellState) => void;
}

/** Milliseconds after which a Redis that does not answer counts as gone (a host may vanish without a word). */
const PATIENCE = 5 * SECOND;

const SHARED: RedisOptions = {
  retryStrategy: (times) => Math.min(100 * times, 2 * SECOND),
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  connectTimeout: PATIENCE,
  commandTimeout: PATIENCE,
};

const ignore = (): void => {};

/** Publishes without waiting: at most one message of a channel is under way, and rings meanwhile make one more. */
class Publisher {
  readonly #redis: Redis;
  readonly #underWay = new Map<string, { again: boolean }>();

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  publish(channel: string, text: string): void {
    const pending = this.#underWay.get(channel);
    if (pending) {
      pending.again = true;
      return;
    }
    const mine = { again: false };
    this.#underWay.set(channel, mine);
    const done = (): void => {
      this.#underWay.delete(channel);
      if (mine.again) this.publish(channel, text);
    };
    // What is lost while Redis is away is made good by everybody's look after the reconnect.
    this.#redis.publish(channel, text).then(done, () => void this.#underWay.delete(channel));
  }
}

/** The doorbell of several servers with Redis pub/sub. While Redis is away everybody polls; it never blocks or throws. */
class RedisDoorbell implements Doorbell {
  readonly #origin = randomUUID();
  readonly #listeners = new Listeners();
  readonly #prefix: string;
  readonly #sending: Redis;
  readonly #receiving: Redis;
  readonly #publisher: Publisher;
  readonly #onState: (state: DoorbellState) => void;
  readonly #timers: NodeJS.Timeout[];
  #subscribed = false;
  #state: DoorbellState = 'AWAY';
  #closed = false;

  constructor(options: RedisDoorbellOptions) {
    this.#prefix = options.prefix ?? 'orrery:';
    this.#onState = options.onState ?? ignore;
    this.#sending = new Redis(options.url, SHARED);
    this.#receiving = new Redis(options.url, SHARED);
    this.#publisher = new Publisher(this.#sending);
    for (const redis of [this.#sending, this.#receiving]) {
      redis.on('error', ignore);
      redis.on('close', () => this.#gone(redis));
    }
    this.#sending.on('ready', () => this.#update());
    this.#receiving.on('ready', () => this.#subscribeAll());
    this.#receiving.on('message', (channel: string, origin: string) => {
      if (origin !== this.#origin) this.#listeners.tell(channel.slice(this.#prefix.length));
    });
    this.#timers = [
      setInterval(() => this.#pollWhileAway(), options.interval ?? SECOND),
      setInterval(() => this.#probe(), PATIENCE),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  ring(channel: string): void {
    if (this.#closed) return;
    this.#listeners.tell(channel);
    if (this.#sending.status === 'ready') this.#publisher.publish(this.#prefix + channel, this.#origin);
  }

  listen(channel: string, look: () => void): () => void {
    const { first, remove } = this.#listeners.add(channel, look);
    if (first && this.#subscribed) this.#subscribe([channel]);
    return () => {
      if (remove() && this.#subscribed) this.#receiving.unsubscribe(this.#prefix + channel).catch(ignore);
    };
  }

  state(): DoorbellState {
    return this.#state;
  }

  #subscribeAll(): void {
    this.#subscribed = true;
    this.#subscribe(this.#listeners.channels());
  }

  /** What was committed before the subscription stood has not been told: everybody on these channels looks once. */
  #subscribe(channels: readonly string[]): void {
    const told = (): void => {
      for (const channel of channels) this.#listeners.tell(channel);
      this.#update();
    };
    if (channels.length === 0) {
      told();
      return;
    }
    this.#receiving.subscribe(...channels.map((channel) => this.#prefix + channel)).then(told, () => {
      if (this.#receiving.status === 'ready') this.#receiving.disconnect(true);
    });
  }

  #gone(redis: Redis): void {
    if (redis === this.#receiving) this.#subscribed = false;
    this.#update();
  }

  #update(): void {
    const up = !this.#closed && this.#subscribed && this.#sending.status === 'ready';
    const state = up ? 'UP' : 'AWAY';
    if (state === this.#state) return;
    this.#state = state;
    this.#onState(state);
  }

  #pollWhileAway(): void {
    if (this.#state === 'AWAY') this.#listeners.tellAll();
  }

  /** Pub/sub delivers at most once: everybody looks now and then, and a connection that only seems open is cut. */
  #probe(): void {
    if (this.#state === 'AWAY') return;
    this.#listeners.tellAll();
    for (const redis of [this.#sending, this.#receiving]) {
      redis.ping().catch(() => {
        if (redis.status === 'ready') redis.disconnect(true);
      });
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#listeners.clear();
    this.#sending.disconnect();
    this.#receiving.disconnect();
  }
}

/** Connects in the background: it works (by polling) whether Redis is there or not. */
export function redisDoorbell(options: RedisDoorbellOptions): Doorbell {
  return new RedisDoorbell(options);
}
