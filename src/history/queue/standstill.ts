import { setTimeout as pause } from 'node:timers/promises';
import type { Consumer } from '../../amqp/consumer.js';
import { type Clock, SECOND } from '../../lib/time.js';
import type { Logger } from '../../telemetry/logger.js';

const SHORTEST = 200;
/** Why the consumer is held. */
const REASON = 'trouble';
const LONGEST = 15 * SECOND;

export interface StandstillParts {
  readonly consumer: Pick<Consumer, 'halt' | 'resume'>;
  /** Rejects while the database is away. */
  readonly askStore: () => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** Holds a consumer while the trouble is ours: longer each time (0.2 to 15 s), and as long as the database is away. */
export class Standstill {
  readonly #parts: StandstillParts;
  readonly #ending = new AbortController();
  /** Resolves when no more messages come; set while nothing is taken. */
  #halted: Promise<void> | undefined;
  /** Troubles since something went well. */
  #troubles = 0;
  #since: number | null = null;

  constructor(parts: StandstillParts) {
    this.#parts = parts;
  }

  get isOn(): boolean {
    return this.#halted !== undefined;
  }

  /** When the first of the troubles in a row was met, in epoch milliseconds; null while messages are taken. */
  get since(): number | null {
    return this.isOn ? this.#since : null;
  }

  /** Resolves when no more messages come, where nothing is taken. */
  async isComplete(): Promise<void> {
    await this.#halted;
  }

  /** A message has left the queue: the next trouble is a first one. */
  wentOn(): void {
    this.#troubles = 0;
    this.#since = null;
  }

  begin(error: unknown): void {
    if (this.#halted || this.#ending.signal.aborted) return;
    this.#troubles += 1;
    this.#since ??= this.#parts.clock.now();
    const wait = Math.min(SHORTEST * 2 ** (this.#troubles - 1), LONGEST);
    this.#parts.log.warn({ error }, 'Reports stay in the queue until this is over; trying again.');
    this.#halted = this.#parts.consumer.halt(REASON).catch(() => {});
    void this.#endAfter(wait);
  }

  /** For good: nothing is resumed any more. */
  stop(): void {
    this.#ending.abort();
  }

  async #endAfter(first: number): Promise<void> {
    const { consumer, askStore, log } = this.#parts;
    for (let wait = first; !(await this.#isOver(wait, askStore)); wait = Math.min(wait * 2, LONGEST));
    await this.#halted;
    if (this.#ending.signal.aborted) return;
    this.#halted = undefined;
    log.info('Reports are taken from the queue again.');
    // Where the connection broke meanwhile, messages come by the next one.
    await consumer.resume(REASON).catch(() => {});
  }

  /** Whether the store answers, after a while; true as well when nobody wants to know any more. */
  async #isOver(wait: number, askStore: () => Promise<unknown>): Promise<boolean> {
    const { signal } = this.#ending;
    try {
      await pause(wait * (0.5 + Math.random() / 2), undefined, { ref: false, signal });
      await askStore();
      return true;
    } catch {
      return signal.aborted;
    }
  }
}
