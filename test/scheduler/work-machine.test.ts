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

type Change = 'write' | 'finish' | 'hand back' | 'fail';
type Step =
  | { readonly do: 'begin' | 'retry'; readonly subject: number }
  | { readonly do: 'take' | 'beat' | 'restart'; readonly host: number }
  | { readonly do: 'notice' | 'expire' }
  /** By one of those who believe that they have work, rightly or not. */
  | { readonly do: Change; readonly believer: number }
  | { readonly do: 'pass'; readonly milliseconds: number };

const host = fc.nat(HOSTS.length - 1);
const subject = fc.nat(SUBJECTS.length - 1);
const changes = fc.constantFrom<Change>('write', 'write', 'write', 'write', 'finish', 'hand back', 'fail');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('begin' as const), subject }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retry' as const), subject }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), host }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('beat' as const, 'restart' as const), host }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('notice' as const, 'expire' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: changes, believer: fc.nat(5) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), milliseconds: fc.constantFrom(5_000, LEASE - 1, LEASE) }),
  },
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
  readonly #paused: Engine[] = [];
  /** Of each lease, the last taking. */
  readonly #takings = new Map<string, WorkLease>();
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
    if ('subject' in one) {
      const name = SUBJECTS[one.subject] ?? '';
      if (one.do === 'begin') return void (await place.begin(name));
      const values = [await db.now(), name];
      const sql =
        "UPDATE leases SET state = 'WAITING', wake_at = ?, attempts = 0 WHERE subject = ? AND state = 'PARKED'";
      return void (await db.transaction((tx) => tx.execute(sql, values)));
    }
    if ('believer' in one) return this.#believe(one.believer, one.do);
    if (!('host' in one)) return one.do === 'notice' ? this.#notice() : place.ending.expired();
    const engine = this.#at(one.host);
    if (one.do === 'take') return this.#take(engine);
    if (one.do === 'beat') return this.#beat(engine);
    // The start before goes on as if nothing had happened: a process that was only paused.
    this.#paused.push(engine);
    this.engines[one.host] = this.#engine(await place.engine(HOSTS[one.host] ?? ''));
  }

  async #believe(index: number, what: Change): Promise<void> {
    const believers = [...this.engines, ...this.#paused].flatMap((engine) =>
      [...engine.held.values()].map((lease) => ({ engine, lease })),
    );
    const one = believers[index % Math.max(1, believers.length)];
    if (one) await this.#change(one.engine, one.lease, what);
  }

  async #take(engine: Engine): Promise<void> {
    const { db } = this.place.store;
    const ids: string[] = [];
    for await (const { id } of engine.leases.waiting(['work'])) ids.push(id);
    const taken = await db.transaction((tx) => engine.leases.take(tx, ids));
    for (const lease of taken) {
      engine.held.set(lease.subject, lease);
      this.#takings.set(lease.id, lease);
    }
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
  async #change({ leases, held }: Engine, lease: WorkLease, what: Change): Promise<void> {
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
    // Whoever writes is who the row says, and took it last.
    expect(now).toMatchObject({ state: 'RUNNING', serviceId: lease.serviceId, fence: lease.fence });
    expect(lease).toBe(this.#takings.get(lease.id));
    expect(this.#finished.has(lease.id)).toBe(false);
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
    const lives = fc.asyncProperty(fc.array(step, { minLength: 80, maxLength: 120 }), host, async (steps, survivor) => {
      const play = new Play(store);
      await play.start();
      for (const one of steps) {
        await play.play(one);
        await play.check();
      }
      await play.settle(survivor);
    });
    await fc.assert(lives, { numRuns: 50 });
  });
});
