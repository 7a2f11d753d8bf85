import type { Database } from '../db/database.js';
import type { Bell } from '../events/outbox.js';
import { SECOND } from '../lib/time.js';
import type { KindRegistry } from './kind-registry.js';
import type { SchedulerLog, SchedulerMetrics } from './metrics.js';
import type { RunningService } from './registry.js';
import { fits, WORK_CHANNEL } from './tag.js';
import { Repeater, type Timers, within } from './timers.js';
import type { WorkEnding } from './work-ending.js';
import { WorkLeases } from './work-leases.js';
import { WorkPiece } from './work-piece.js';

export interface WorkCrewOptions {
  /** For leases: the process's own connections. */
  readonly db: Database;
  /** For what the work writes. */
  readonly workDb: Database;
  readonly service: RunningService;
  readonly kinds: KindRegistry;
  readonly ending: WorkEnding;
  readonly timers: Timers;
  readonly bell: Bell;
  readonly listen: (channel: string, onRing: () => void) => () => void;
  readonly metrics: SchedulerMetrics;
  readonly log: SchedulerLog;
  /** The most pieces of work that this engine does at once. */
  readonly places: number;
  readonly leaseLength: number;
  readonly renewEvery: number;
  readonly lookEvery: number;
  /** No other process can be there: whatever others left is ended at the start. */
  readonly exclusive: boolean;
  /** Whether anything may be taken at present. */
  readonly mayTake: () => boolean;
}

/** How long work that was told to stop may take until it is handed back over its head, in milliseconds. */
const LAST_MOMENT = SECOND;
/** How many more pieces are tried than there is room for: others who look at the same moment take the first ones. */
const SPARE = 12;

/**
 * Does the leased work of one engine: takes what waits and fits as long as it has room, renews all its leases with each
 * heartbeat, and ends the leases of engines that are gone.
 */
export class WorkCrew {
  readonly #options: WorkCrewOptions;
  readonly #leases: WorkLeases;
  readonly #looks: Repeater;
  readonly #pieces = new Map<string, WorkPiece>();
  #unlisten: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #failing = false;
  #closed = false;
  #disarm: (() => void) | undefined;

  constructor(options: WorkCrewOptions) {
    this.#options = options;
    this.#leases = new WorkLeases(options.db, options.service, options.leaseLength);
    this.#looks = new Repeater(options.timers, options.lookEvery, () => this.look());
  }

  /** How many pieces of work are under way here. */
  get size(): number {
    return this.#pieces.size;
  }

  /** Begins to take work. Never rejects. */
  async start(): Promise<void> {
    const { exclusive, ending, service, listen, log } = this.#options;
    if (exclusive) await ending.foreign(service).catch((error) => log.warn('Work of the past was not ended.', error));
    this.#unlisten = listen(WORK_CHANNEL, () => void this.look());
    void this.look();
    this.#looks.start();
  }

  /** Ends leases that ran out, and takes work as long as there is room; a look asked for meanwhile follows. Never rejects. */
  look(): Promise<void> {
    this.#again = true;
    this.#looking ??= this.#lookWhileAsked().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookWhileAsked(): Promise<void> {
    const { timers, leaseLength, log } = this.#options;
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        await within(timers, leaseLength, this.#once());
        this.#failing = false;
      } catch (error) {
        if (!this.#failing) log.warn('The look at leased work failed; it goes on every second.', error);
        this.#failing = true;
      }
    }
  }

  async #once(): Promise<void> {
    const { db, ending, mayTake } = this.#options;
    await ending.expired();
    if (!mayTake()) return;
    const room = this.#options.places - this.#pieces.size;
    const ids = room > 0 ? await this.#choose(room + SPARE) : [];
    if (ids.length === 0) return;
    const taken = await db.transaction((tx) => (this.#closed ? Promise.resolve([]) : this.#leases.take(tx, ids, room)));
    for (const lease of taken) this.#begin(new WorkPiece({ ...this.#options, leases: this.#leases }, lease));
    // Others were faster with some: there may be more. Where nothing could be taken, a second passes first.
    if (taken.length > 0 && taken.length < room) this.#again = true;
  }

  /**
   * What might be taken now, at most so many. Of work in which an engine was gone before, one piece at a time: whichever of them it was that
   * ended the process, the others are not blamed for it again and again.
   */
  async #choose(most: number): Promise<string[]> {
    const { kinds, service } = this.#options;
    const names = kinds.all.flatMap(({ kind, work }) => (work ? [kind] : []));
    let suspected = [...this.#pieces.values()].some(({ lease }) => lease.deaths > 0);
    const ids: string[] = [];
    for await (const { id, tag, deaths } of this.#leases.waiting(names)) {
      if (this.#pieces.has(id) || !fits(service.labels, tag) || (suspected && deaths > 0)) continue;
      suspected ||= deaths > 0;
      ids.push(id);
      if (ids.length === most) break;
    }
    return ids;
  }

  #begin(piece: WorkPiece): void {
    const { metrics } = this.#options;
    const { id, kind } = piece.lease;
    this.#pieces.set(id, piece);
    metrics.work(kind, 'taken');
    if (this.#disarm === undefined) this.#arm();
    void piece.run().finally(() => {
      this.#pieces.delete(id);
      if (this.#pieces.size === 0) this.#rest();
      void this.look();
    });
  }

  /** Renews every lease, in one transaction; work that is no longer this engine's is told to stop. Never rejects. */
  async renew(): Promise<void> {
    const { db, timers, leaseLength, log } = this.#options;
    const leases = [...this.#pieces.values()].flatMap((piece) => (piece.ended ? [] : [piece.lease]));
    if (leases.length === 0) return;
    try {
      const renewing = db.transaction((tx) => this.#leases.renew(tx, leases));
      for (const { id } of await within(timers, leaseLength, renewing)) this.#pieces.get(id)?.lose();
      this.#arm();
    } catch (error) {
      log.warn('The leases on work could not be renewed.', error);
    }
  }

  /** No word from SQL for one lease's time: somebody else may have every piece by now. */
  #arm(): void {
    this.#disarm?.();
    this.#disarm = this.#options.timers.after(this.#options.leaseLength, () => {
      for (const piece of this.#pieces.values()) piece.lose();
    });
  }

  #rest(): void {
    this.#disarm?.();
    this.#disarm = undefined;
  }

  /** Resolves when nothing is under way: tests wait for it. */
  async idle(): Promise<void> {
    while (this.#looking || this.#pieces.size > 0) {
      await this.#looking;
      await Promise.all([...this.#pieces.values()].map(({ over }) => over));
    }
  }

  /**
   * Takes nothing more. What is under way may end, for at most so many milliseconds; the rest is told to stop, and
   * handed back. Never rejects.
   */
  async stop(graceMs: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#unlisten?.();
    const { timers, renewEvery, bell } = this.#options;
    // The service's heartbeat has ended: whoever has its work must not seem gone.
    const renewing = new Repeater(timers, renewEvery, () => this.renew());
    renewing.start();
    await Promise.all([this.#looks.stop(), this.#looking]);
    await this.#overWithin(graceMs);
    for (const piece of this.#pieces.values()) piece.stop();
    await this.#overWithin(LAST_MOMENT);
    await Promise.all([...this.#pieces.values()].map((piece) => piece.handBack()));
    await renewing.stop();
    this.#rest();
    bell.ring(WORK_CHANNEL);
  }

  /** Waits until everything under way is over, or so many milliseconds have passed. */
  #overWithin(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.timers.after(milliseconds, resolve);
      void Promise.all([...this.#pieces.values()].map(({ over }) => over)).then(() => {
        cancel();
        resolve();
      });
    });
  }
}
