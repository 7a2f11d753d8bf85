import { Agenda } from 'agenda';
import { SECOND } from '../../lib/time.js';
import type { SchedulerLog } from '../metrics.js';
import { shardOf } from './entry.js';
import { ENTRY_NAME, type LockStore } from './lock-store.js';
import { PokeChannel } from './poke-channel.js';

/** More than there are shards: a handler runs as long as its shard is held. */
const NO_LIMIT = 100_000;
/** What Agenda's check on running handlers waits between two looks is half of this: it only ends with the next look. */
const CHECK_EVERY = SECOND;

export interface ElectorOptions {
  readonly store: LockStore;
  /** Unique for each process: Agendas of the same name do not hear of each other. */
  readonly name: string;
  readonly pollEvery: number;
  readonly log: SchedulerLog;
  /** Called for a shard whose lock was won; resolves when the shard is no longer held. */
  readonly onElected: (shard: string) => Promise<void>;
}

/** Agenda, with one entry for each shard: whoever locks it drains the shard. */
export class Elector {
  readonly #agenda: Agenda;
  readonly #channel = new PokeChannel();
  readonly #log: SchedulerLog;
  #stopped = false;

  constructor(options: ElectorOptions) {
    const { store, name, pollEvery, log, onElected } = options;
    this.#log = log;
    this.#agenda = new Agenda({
      backend: store.backend,
      notificationChannel: this.#channel,
      name,
      processEvery: pollEvery,
      maxConcurrency: NO_LIMIT,
      defaultConcurrency: NO_LIMIT,
      defaultLockLifetime: CHECK_EVERY,
    });
    this.#agenda.on('error', (error) => this.#failed(error));
    this.#agenda.define(ENTRY_NAME, (job) => onElected(shardOf(job.attrs.data)));
  }

  start(): Promise<void> {
    return this.#agenda.start();
  }

  /** Looks for free shards at once. */
  async poke(): Promise<void> {
    await this.#channel.poke().catch((error) => this.#failed(error));
  }

  /** A look that was under way at the stop finds its store closed: that is no fault. */
  #failed(error: unknown): void {
    if (!this.#stopped) this.#log.warn('Agenda could not look for shards.', error);
  }

  /** Looks no more, and gives back what is locked but not begun; handlers under way go on until they end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#agenda.stop(false).catch((error) => this.#log.warn('Agenda did not stop in order.', error));
  }
}
