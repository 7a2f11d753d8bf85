import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningService } from '../../src/scheduler/registry.js';
import { MOST_DEATHS } from '../../src/scheduler/work-ending.js';
import { type WorkLease, type WorkLeases, WorkLostError } from '../../src/scheduler/work-leases.js';
import { storeKinds } from '../kit/stores.js';
import { openStore, type TestStore } from './harness.js';
import { LEASE, WorkPlace } from './work-harness.js';

// Many short lives on one database.
vi.setConfig({ testTimeout: 120_000 });

const HOSTS = ['a', 'b', 'c'];
const SUBJECTS = ['s0', 's1'];

type Step =
  | { readonly do: 'begin' | 'retry'; readonly subject: number }
  | { readonly do: 'take' | 'beat' | 'restart' | 'notice' | 'expire'; readonly host: number }
  | { readonly do: 'write' | 'finish' | 'hand back' | 'fail'; readonly host: number; readonly subject: number }
  | { readonly do: 'pass'; readonly milliseconds: number };

const host = fc.nat(HOSTS.length - 1);
const subject = fc.nat(SUBJECTS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('begin' as const, 'retry' as const), subject }),
  fc.record({ do: fc.constantFrom('take' as const, 'beat' as const, 'notice' as const, 'expire' as const), host }),
  fc.record({ do: fc.constant('restart' as const), host }),
  fc.record({
    do: fc.constantFrom('write' as const, 'write' as const, 'finish' as const, 'hand back' as const, 'fail' as const),
    host,
    subject,
  }),
  fc.record({ do: fc.constant('pass' as const), milliseconds: fc.constantFrom(1_000, 5_000, LEASE - 1, LEASE) }),
);

/** What one engine believes that it has: nobody tells it when it is wrong. */
interface Engine {
  service: RunningService;
  leases: WorkLeases;
  readonly held: Map<string, WorkLease>;
}

/** Plays steps on real tables, and holds against each accepted write what must be true of it. */
class Play {
  readonly place: WorkPlace;
  readonly engines: Engine[] = [];
  /** Of each lease, the greatest fence that a write was accepted with. */
  readonly #written = new Map<string, number>();
  /** Of each lease, the fence under which it ended: it is gone for good. */
  readonly #finished = new Set<string>();

  constructor(store: TestStore) {
    this.place = new WorkPlace(store, async () => {});
  }

  async start(): Promise<void> {
    const { store } = this.place;
    await store.db.transaction(async (tx) => {
      await tx.execute('DELETE FROM leases');
    });
    for (const name of HOSTS) this.engines.push(this.#engine(await this.place.engine(name)));
  }

  #engine(service: RunningService): Engine {
    return { service, leases: this.place.leases(service), held: new Map() };
  }

  #at(index: number): Engine {
    const engine = this.engines[index];
    if (!engine) throw new Error('There is no such engine.');
    return engine;
  }

  async play(one: Step): Promise<void> {
    const { place } = this;
    const { db } = place.store;
    if (one.do === 'pass') return place.forward(one.milliseconds);
    if (one.do === 'begin') return void (await place.begin(SUBJECTS[one.subject] ?? ''));
    if (one.do === 'retry') {
      const values = [await db.now(), SUBJECTS[one.subject] ?? ''];
      const sql =
        "UPDATE leases SET state = 'WAITING', wake_at = ?, attempts = 0 WHERE subject = ? AND state = 'PARKED'";
      return void (await db.transaction((tx) => tx.execute(sql, values)));
    }
    const engine = this.#at(one.host);
    if (one.do === 'take') return this.#take(engine);
    if (one.do === 'beat') return this.#beat(engine);
    if (one.do === 'notice') return this.#notice();
    if (one.do === 'expire') return place.ending.expired();
    if (one.do === 'restart') {
      this.engines[one.host] = this.#engine(await place.engine(HOSTS[one.host] ?? ''));
      return;
    }
    const lease = engine.held.get(SUBJECTS[one.subject] ?? '');
    if (lease) await this.#change(engine, lease, one.do);
  }

  async #take(engine: Engine): Promise<void> {
    const { db } = this.place.store;
    const ids: string[] = [];
    for await (const { id } of engine.leases.waiting(db, ['work'])) ids.push(id);
    const taken = await db.transaction((tx) => engine.leases.take(tx, ids));
    for (const lease of taken) engine.held.set(lease.subject, lease);
  }

  async #beat(engine: Engine): Promise<void> {
    const { db } = this.place.store;
    await this.place.registry.heartbeat(engine.service);
    const lost = await db.transaction((tx) => engine.leases.renew(tx, [...engine.held.values()]));
    for (const { subject: name } of lost) engine.held.delete(name);
  }

  async #notice(): Promise<void> {
    const { registry } = this.place;
    for (const { id, heard } of await registry.survey()) if (!heard) await registry.declareFailed(id);
  }

  /** One write of an engine that believes it has the work. */
  async #change(
    { leases, held }: Engine,
    lease: WorkLease,
    what: 'write' | 'finish' | 'hand back' | 'fail',
  ): Promise<void> {
    const { db } = this.place.store;
    const now = await this.place.lease(lease.subject);
    const accepted = await db
      .transaction(async (tx) => {
        if (what === 'write') return leases.guard(tx, lease);
        if (what === 'finish') return leases.finish(tx, lease);
        return what === 'fail' ? leases.fail(tx, lease, 'fault', 1_000) : leases.handBack(tx, lease, 'stops');
      })
      .then(
        () => true,
        (error) => {
          if (error instanceof WorkLostError) return false;
          throw error;
        },
      );
    if (!accepted || what !== 'write') held.delete(lease.subject);
    if (!accepted) return;
    // Whoever writes is who the row says, under the newest fence, and no older one is ever accepted after it.
    expect(now).toMatchObject({ state: 'RUNNING', serviceId: lease.serviceId, fence: lease.fence });
    expect(lease.fence).toBeGreaterThanOrEqual(this.#written.get(lease.id) ?? 0);
    expect(this.#finished.has(lease.id)).toBe(false);
    this.#written.set(lease.id, lease.fence);
    if (what === 'finish') this.#finished.add(lease.id);
  }

  /** What holds at any moment. */
  async check(): Promise<void> {
    const rows = await this.place.store.db.reader.rows<{ state: string; attempts: number; whole: number }>(
      `SELECT state, attempts, (state = 'RUNNING') = (service_id IS NOT NULL) AND
        (state = 'RUNNING') = (lease_until IS NOT NULL) AND (state = 'WAITING') = (wake_at IS NOT NULL) AS whole
        FROM leases`,
    );
    for (const { attempts, whole } of rows) {
      expect(Number(whole)).toBe(1);
      expect(attempts).toBeGreaterThanOrEqual(0);
      expect(attempts).toBeLessThanOrEqual(MOST_DEATHS);
    }
  }

  /** Every engine but one dies where it stands; that one does what is left. Nothing is RUNNING then, and nothing waits. */
  async settle(survivor: number): Promise<void> {
    const engine = this.#at(survivor);
    this.place.forward(LEASE);
    await this.place.registry.heartbeat(engine.service);
    await this.#notice();
    await this.place.ending.expired();
    await this.#take(engine);
    for (const name of SUBJECTS) {
      const lease = engine.held.get(name);
      if (lease) await this.#change(engine, lease, 'finish');
    }
    const left = await this.place.store.db.reader.rows<{ state: string }>('SELECT state FROM leases');
    expect(left.filter(({ state }) => state !== 'PARKED')).toEqual([]);
  }
}

describe.each(storeKinds())('leases of work on %s, whatever happens', (kind) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await openStore(kind);
  });
  afterAll(() => store.close());

  it('never take the writes of two, and leave nothing running for ever', async () => {
    const lives = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), host, async (steps, survivor) => {
      const play = new Play(store);
      await play.start();
      for (const one of steps) {
        await play.play(one);
        await play.check();
      }
      await play.settle(survivor);
    });
    await fc.assert(lives, { numRuns: 40 });
  });
});
