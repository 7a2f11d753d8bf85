import { KindRegistry } from '../../src/scheduler/kind-registry.js';
import type { Kind, LostWork } from '../../src/scheduler/kinds.js';
import { SqlPlanner } from '../../src/scheduler/planner.js';
import { type RunningService, ServiceRegistry } from '../../src/scheduler/registry.js';
import { WorkCrew } from '../../src/scheduler/work-crew.js';
import { WorkEnding } from '../../src/scheduler/work-ending.js';
import { WorkLeases } from '../../src/scheduler/work-leases.js';
import { Counter, ids, ManualTimers, outboxOf, TestBell, TestLog, type TestStore, testKind } from './harness.js';

/** How long a lease on work, and a service, live without a sign of life, in milliseconds. */
export const LEASE = 15_000;

/** One row of `leases`, as tests look at it. */
export interface SeenLease {
  readonly state: string;
  readonly serviceId: string | null;
  readonly fence: number;
  readonly attempts: number;
  readonly reason: string | null;
}

type Work = NonNullable<Kind['work']>;

/** Engines that share leased work of the kind `work`, without timers of their own: a test says when they look. */
export class WorkPlace {
  readonly store: TestStore;
  readonly bell = new TestBell();
  readonly metrics = new Counter();
  readonly log = new TestLog();
  readonly timers = new ManualTimers();
  readonly kinds = new KindRegistry();
  readonly planner: SqlPlanner;
  readonly ending: WorkEnding;
  readonly registry: ServiceRegistry;
  readonly losses: LostWork[] = [];

  constructor(store: TestStore, work: Work, onLost?: Kind['onLost']) {
    this.store = store;
    const { db } = store;
    const parts = {
      db,
      ids,
      bell: this.bell,
      kinds: this.kinds,
      metrics: this.metrics,
      log: this.log,
      renewEvery: LEASE / 3,
    };
    this.kinds.add({
      ...testKind(undefined, 'work'),
      work,
      onLost: async (tx, lost) => {
        this.losses.push(lost);
        return (await onLost?.(tx, lost)) ?? 'AGAIN';
      },
    });
    this.planner = new SqlPlanner({ ...parts, slices: { untagged: 1, tagged: 1 } });
    this.ending = new WorkEnding(parts);
    const onGone = this.ending.ofService.bind(this.ending);
    this.registry = new ServiceRegistry({ ...parts, outbox: outboxOf(this.bell), silence: LEASE, onLost: onGone });
  }

  engine(host: string, labels: Record<string, string> = {}): Promise<RunningService> {
    return this.registry.register({ host, name: 'engine', version: '1', labels });
  }

  leases(service: RunningService): WorkLeases {
    return new WorkLeases(this.store.db, service, LEASE);
  }

  crew(service: RunningService, places = 4): WorkCrew {
    const { store, kinds, ending, timers, bell, metrics, log } = this;
    return new WorkCrew({
      db: store.db,
      workDb: store.db,
      service,
      kinds,
      ending,
      timers,
      bell,
      // The test looks itself: nothing happens beside it.
      listen: () => () => {},
      metrics,
      log,
      places,
      leaseLength: LEASE,
      renewEvery: LEASE / 3,
      lookEvery: 1_000,
      exclusive: false,
      mayTake: () => true,
    });
  }

  begin(subject: string): Promise<string> {
    return this.store.db.transaction((tx) => this.planner.begin(tx, 'work', subject));
  }

  async lease(subject: string): Promise<SeenLease | undefined> {
    const sql = `SELECT state, service_id AS serviceId, fence, attempts, reason FROM leases WHERE subject = ?`;
    return (await this.store.db.reader.rows<SeenLease>(sql, [subject]))[0];
  }

  /** So many milliseconds pass, by the store's clock and by the timers. */
  forward(milliseconds: number): void {
    this.store.clock.forward(milliseconds);
    this.timers.forward(milliseconds);
  }
}

/** Something that a test opens when it wants. */
export class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}
