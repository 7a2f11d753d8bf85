import { MIGRATIONS } from '../../migrations/all.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import { createOutbox, type Outbox } from '../../src/events/outbox.js';
import { type IdSource, systemIds } from '../../src/lib/ids.js';
import type { Clock } from '../../src/lib/time.js';
import type { DueJob, Fired, Kind, OccurrenceRecord } from '../../src/scheduler/kinds.js';
import type { SchedulerLog, SchedulerMetrics, WorkEvent } from '../../src/scheduler/metrics.js';
import { type RunningService, ServiceRegistry } from '../../src/scheduler/registry.js';
import { ShardLeases } from '../../src/scheduler/shard-leases.js';
import type { Timers } from '../../src/scheduler/timers.js';
import { migratedDatabase } from '../kit/migrated.js';
import type { DatabaseKind } from '../kit/stores.js';

/** The instant at which every test begins. */
export const START = Date.UTC(2026, 10, 21, 12);

/** A clock that stands still until it is moved. */
class TestClock implements Clock {
  #now = START;

  now(): number {
    return this.#now;
  }

  forward(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

interface Timer {
  at: number;
  callback: () => void;
}

/** Timers that fire when the test lets time pass. */
export class ManualTimers implements Timers {
  #elapsed = 0;
  #timers = new Set<Timer>();

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#elapsed + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  elapsed(): number {
    return this.#elapsed;
  }

  /** The delays of the timers that are set. */
  get delays(): number[] {
    return [...this.#timers].map((timer) => timer.at - this.#elapsed);
  }

  /** Lets time pass; each timer that is due fires once. */
  forward(milliseconds: number): void {
    this.#elapsed += milliseconds;
    const due = [...this.#timers].filter((timer) => timer.at <= this.#elapsed).sort((a, b) => a.at - b.at);
    for (const timer of due) {
      if (this.#timers.delete(timer)) timer.callback();
    }
  }
}

/** A doorbell within the test; `silent` loses every ring. */
export class TestBell {
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly rung: string[] = [];
  silent = false;

  readonly ring = (channel: string): void => {
    this.rung.push(channel);
    if (this.silent) return;
    for (const listener of this.#listeners.get(channel) ?? []) setImmediate(listener);
  };

  readonly listen = (channel: string, listener: () => void): (() => void) => {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    return () => void listeners.delete(listener);
  };
}

/** Counts what the scheduler reports, and lets a test wait for it. */
export class Counter implements SchedulerMetrics {
  readonly counts = new Map<string, number>();
  readonly lateness: number[] = [];
  #waiting: { key: string; count: number; resolve: () => void }[] = [];

  count(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  /** Resolves when something has been counted at least so often. */
  reaches(key: string, count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ key, count, resolve });
      this.#add(key, 0);
    });
  }

  #add(key: string, more = 1): void {
    this.counts.set(key, this.count(key) + more);
    const reached = this.#waiting.filter((waiter) => this.count(waiter.key) >= waiter.count);
    this.#waiting = this.#waiting.filter((waiter) => !reached.includes(waiter));
    for (const waiter of reached) waiter.resolve();
  }

  fired(kind: string, latenessMs: number): void {
    if (kind === 'test') this.lateness.push(latenessMs);
    this.#add(`fired ${kind}`);
  }
  missed(kind: string, count: number): void {
    this.#add(`missed ${kind}`, count);
  }
  refusedTwice(kind: string): void {
    this.#add(`refused ${kind}`);
  }
  failed(kind: string): void {
    this.#add(`failed ${kind}`);
  }
  tookOver(): void {
    this.#add('took over');
  }
  mended(what: string, count: number): void {
    this.#add(`mended ${what}`, count);
  }
  fenceRefused(): void {
    this.#add('fence refused');
  }
  work(kind: string, what: WorkEvent): void {
    this.#add(`${what} ${kind}`);
  }
}

/** Keeps what was warned of. */
export class TestLog implements SchedulerLog {
  readonly warnings: string[] = [];

  warn(message: string, error?: unknown): void {
    this.warnings.push(error instanceof Error ? `${message} ${error.message}` : message);
  }
}

/** A migrated database, with a clock that the test moves unless it asks for the real one. */
export interface TestStore {
  readonly db: Database;
  readonly clock: TestClock;
  readonly url: string;
  /** Each statement that was sent. */
  readonly statements: string[];
  close(): Promise<void>;
}

export async function openStore(kind: DatabaseKind, realClock = false): Promise<TestStore> {
  const store = await migratedDatabase(kind);
  const clock = new TestClock();
  const statements: string[] = [];
  const options = { url: store.url, onStatement: (sql: string) => void statements.push(sql) };
  const db = await openDatabase(realClock ? options : { ...options, clock }, MIGRATIONS);
  statements.length = 0;
  return {
    db,
    clock,
    url: store.url,
    statements,
    async close() {
      await db.close();
      await store.drop();
    },
  };
}

export const ids: IdSource = systemIds;

export const outboxOf = (bell: TestBell): Outbox => createOutbox(bell, ids);

/** Services by what the database says; one is dead after so many silent milliseconds. */
export const registryOf = (db: Database, silence = 15_000, bell = new TestBell()): ServiceRegistry =>
  new ServiceRegistry({ db, ids, bell, outbox: outboxOf(bell), silence });

/** The leases of one service, which end after so many milliseconds. */
export const leasesOf = (db: Database, service: RunningService, length = 15_000, exclusive = false): ShardLeases =>
  new ShardLeases({ db, outbox: outboxOf(new TestBell()), service, length, exclusive });

/** What came of one due instant: it ran, without a run of its own. */
export const ran = (job: DueJob): OccurrenceRecord => ({
  scheduledFor: job.scheduledFor,
  outcome: 'RAN',
  reason: null,
  runId: null,
});

/** The period of the test's kind. */
export const HOURLY = 3_600_000;

/** A kind that fires every hour, and does `each` for each job. */
export function testKind(each: (job: DueJob) => Fired | undefined = () => undefined, kind = 'test'): Kind {
  return {
    kind,
    defaultTag: {},
    recordsOccurrences: true,
    fire: async (_tx, due) =>
      due.map((job) => each(job) ?? { id: job.id, nextRunAt: job.scheduledFor + HOURLY, occurrences: [ran(job)] }),
    async *desired() {},
  };
}
