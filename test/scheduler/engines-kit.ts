import type { Desired, Kind, Tag } from '../../src/scheduler/kinds.js';
import type { SchedulerOptions } from '../../src/scheduler/options.js';
import { createScheduler, type Scheduler } from '../../src/scheduler/scheduler.js';
import { ENGINES_CHANNEL } from '../../src/scheduler/tag.js';
import type { DatabaseKind } from '../kit/stores.js';
import { Counter, ids, openStore, outboxOf, TestBell, TestLog, type TestStore, testKind } from './harness.js';

/** Short, because a server's clock cannot be moved; but no lease of a living engine ends on a busy machine. */
const PERIODS = { leaseLength: 15_000, renewEvery: 400, lookEvery: 50, pollEvery: 200, mendEvery: 300 };
export const SOON = { timeout: 60_000, interval: 20 };

export interface EnginesPlace {
  readonly database: DatabaseKind;
  /** The MongoDB that elects; left out = the SQL database does. */
  readonly mongo?: () => Promise<{ url: string; drop(): Promise<void> }>;
}

/** Several engines in this process, on one database. */
export class Engines {
  readonly store: TestStore;
  readonly bell = new TestBell();
  readonly metrics = new Counter();
  readonly log = new TestLog();
  readonly #mongo: { url: string; drop(): Promise<void> } | undefined;
  readonly #started = new Map<string, Scheduler>();

  private constructor(store: TestStore, mongo: { url: string; drop(): Promise<void> } | undefined) {
    this.store = store;
    this.#mongo = mongo;
  }

  static async open(place: EnginesPlace): Promise<Engines> {
    return new Engines(await openStore(place.database, true), await place.mongo?.());
  }

  /** Starts an engine on a host; one that was started there before must have been stopped. */
  async start(host: string, labels: Tag = {}, options: Partial<SchedulerOptions> = {}): Promise<Scheduler> {
    const scheduler = createScheduler({
      db: this.store.db,
      ids,
      bell: this.bell,
      outbox: outboxOf(this.bell),
      listen: this.bell.listen,
      identity: { host, name: 'engine', version: '1', labels },
      log: this.log,
      metrics: this.metrics,
      ...PERIODS,
      ...(this.#mongo ? { mongoUrl: this.#mongo.url } : {}),
      ...options,
    });
    scheduler.register(await this.#kind());
    this.#started.set(host, scheduler);
    await scheduler.start();
    return scheduler;
  }

  /** The test's kind, which wants what is planned: the reconciler leaves that alone. */
  async #kind(): Promise<Kind> {
    const { db } = this.store;
    return {
      ...testKind(),
      async *desired() {
        const sql = "SELECT subject, next_run_at FROM background_jobs WHERE kind = 'test' ORDER BY subject";
        const rows = await db.reader.rows<{ subject: string; next_run_at: number | string }>(sql);
        for (const row of rows) yield { subject: row.subject, project: null, nextRunAt: Number(row.next_run_at) };
      },
    };
  }

  async stop(host: string): Promise<void> {
    await this.#started.get(host)?.stop(5_000);
    this.#started.delete(host);
  }

  held(host: string): number {
    return this.#started.get(host)?.state().shardsHeld ?? 0;
  }

  /** How many shards each engine holds, in ascending order. */
  spread(): number[] {
    return [...this.#started.keys()].map((host) => this.held(host)).sort((one, other) => one - other);
  }

  /** Plans background jobs that are due at once. */
  plan(by: Scheduler, subjects: readonly string[], tag?: Tag): Promise<void> {
    return this.store.db.transaction(async (tx) => {
      const nextRunAt = await tx.now();
      const more: Partial<Desired> = tag ? { tag } : {};
      for (const subject of subjects) await by.planner.plan(tx, 'test', { subject, project: null, nextRunAt, ...more });
    });
  }

  /** Writes a service's state as an operator does, and rings. */
  async setState(host: string, state: 'ACTIVE' | 'DRAINING'): Promise<void> {
    await this.store.db.transaction((tx) => tx.execute('UPDATE services SET state = ? WHERE host = ?', [state, host]));
    this.bell.ring(ENGINES_CHANNEL);
  }

  async stateOf(host: string): Promise<string | undefined> {
    const rows = await this.store.db.reader.rows<{ state: string }>('SELECT state FROM services WHERE host = ?', [
      host,
    ]);
    return rows[0]?.state;
  }

  /** The hosts whose engines own the shards of a tag; null for nobody. */
  async owners(tag: Tag): Promise<(string | null)[]> {
    const sql = `SELECT services.host, shards.tag FROM shards LEFT JOIN services ON services.id = shards.owner_id`;
    const rows = await this.store.db.reader.rows<{ host: string | null; tag: string }>(sql);
    const same = (text: string): boolean => JSON.stringify(JSON.parse(text)) === JSON.stringify(tag);
    return rows.filter((row) => same(row.tag)).map((row) => row.host);
  }

  /** What was told of moves, as `reason: why`, each once. */
  async moves(): Promise<string[]> {
    const sql = "SELECT payload FROM events WHERE topic = 'shardMoved'";
    const rows = await this.store.db.reader.rows<{ payload: string }>(sql);
    const texts = rows.map(({ payload }) => {
      const { reason, why }: { reason: string; why: string } = JSON.parse(payload);
      return `${reason}: ${why}`;
    });
    return [...new Set(texts)].sort();
  }

  async occurrences(): Promise<number> {
    const [row] = await this.store.db.reader.rows<{ total: number }>('SELECT COUNT(*) AS total FROM occurrences');
    return Number(row?.total);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#started.values()].map((scheduler) => scheduler.stop(5_000)));
    await this.#mongo?.drop();
    await this.store.close();
  }
}
