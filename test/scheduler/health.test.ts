import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { insertRows } from '../../src/db/write.js';
import { JobRunEntity, type JobRunRow } from '../../src/entities/run.js';
import { countDoubled } from '../../src/jobs/doubled.js';
import { clusterSurvey } from '../../src/main/cluster-survey.js';
import { probeScheduler } from '../../src/main/scheduler-health.js';
import { KindRegistry } from '../../src/scheduler/kind-registry.js';
import { SqlPlanner } from '../../src/scheduler/planner.js';
import type { Scheduler } from '../../src/scheduler/scheduler.js';
import { Health, type PartHealth } from '../../src/telemetry/health.js';
import { storeKinds } from '../kit/stores.js';
import { ids, openStore, registryOf, START, TestBell, type TestStore, testKind } from './harness.js';

type State = ReturnType<Scheduler['state']>;

const RUNNING: State = {
  state: 'RUNNING',
  serviceId: 'service_1',
  incarnation: 1,
  shardsHeld: 0,
  workHeld: 0,
  lockStore: 'MongoDB',
  lockStoreAvailable: true,
  holdsLeases: true,
};

describe.each(storeKinds())('what health tells of the scheduler on %s', (kind) => {
  let store: TestStore;
  let health: Health;
  let state: State;

  beforeEach(async () => {
    store = await openStore(kind);
    health = new Health();
    state = RUNNING;
    const survey = (): ReturnType<ReturnType<typeof clusterSurvey>> => clusterSurvey(store.db, 15_000)();
    probeScheduler(health, store.db, { state: () => state }, survey, { engine: true, mongo: true });
  });
  afterEach(() => store.close());

  /** Whatever is not well, and why. */
  async function told(): Promise<Record<string, string | null>> {
    const { parts } = await health.check();
    const bad = parts.filter((part: PartHealth) => part.state !== 'UP');
    expect(bad.every((part) => part.state === 'DEGRADED')).toBe(true);
    return Object.fromEntries(bad.map(({ name, detail }) => [name, detail]));
  }

  it('names what is wrong with this engine', async () => {
    expect(await told()).toEqual({});
    state = { ...RUNNING, lockStoreAvailable: false };
    expect(await told()).toEqual({ mongodb: expect.stringContaining('by the database alone') });
    state = { ...RUNNING, serviceId: null, incarnation: null, holdsLeases: false };
    expect(await told()).toEqual({ scheduler: expect.stringContaining('it is starting') });
    state = { ...RUNNING, holdsLeases: false };
    expect(await told()).toEqual({ scheduler: expect.stringContaining('silent for the time of a lease') });
    state = { ...RUNNING, state: 'SUPERSEDED' };
    expect(await told()).toEqual({ scheduler: expect.stringContaining('the same host and name') });
  });

  it('says that the service is drained, or counts as FAILED', async () => {
    const registry = registryOf(store.db);
    const service = await registry.register({ host: 'a', name: 'engine', version: '1', labels: {} });
    state = { ...RUNNING, serviceId: service.id, incarnation: service.incarnation };
    expect(await told()).toEqual({});
    const set = (to: string) =>
      store.db.transaction((tx) => tx.execute('UPDATE services SET state = ? WHERE id = ?', [to, service.id]));
    await set('DRAINING');
    expect(await told()).toEqual({ service: expect.stringContaining('drained') });
    await set('FAILED');
    expect(await told()).toEqual({ service: expect.stringContaining('FAILED') });
  });

  it('counts what nobody does: UNASSIGNED background jobs, and parked work', async () => {
    const kinds = new KindRegistry();
    kinds.add(testKind());
    const planner = new SqlPlanner({ ids, bell: new TestBell(), kinds, slices: { untagged: 2, tagged: 1 } });
    const identity = { host: 'a', name: 'engine', version: '1' };
    await registryOf(store.db).register({ ...identity, labels: {} });
    const plan = (subject: string, tag: Record<string, string>) =>
      store.db.transaction((tx) => planner.plan(tx, 'test', { subject, project: null, nextRunAt: START, tag }));
    await plan('s1', {});
    expect(await told()).toEqual({});
    await plan('s2', { zone: 'eu' });
    await plan('s3', { zone: 'eu' });
    expect(await told()).toEqual({
      'background jobs': '2 background jobs UNASSIGNED: No service with the labels zone=eu is alive and takes work.',
    });
    await registryOf(store.db).register({ ...identity, host: 'b', labels: { zone: 'eu' } });
    expect(await told()).toEqual({});
    await store.db.execute("UPDATE services SET state = 'DRAINING'");
    expect(await told()).toEqual({
      'background jobs': '3 background jobs UNASSIGNED: No service is alive and takes work.',
    });
    await store.db.execute("UPDATE services SET state = 'ACTIVE'");
    await store.db.transaction(async (tx) => {
      for (const subject of ['s1', 's2', 's3', 's4']) await planner.begin(tx, 'test', subject);
      await tx.execute("UPDATE leases SET state = 'PARKED', wake_at = NULL");
    });
    expect(await told()).toEqual({
      'background jobs': expect.stringMatching(/^4 pieces of work parked \(test\/s1, test\/s2, test\/s3, \.\.\.\): /),
    });
  });

  it('says nothing of its own while the database is away: that is told once', async () => {
    state = { ...RUNNING, serviceId: 'service_1', incarnation: 1 };
    await store.db.close();
    expect(await told()).toEqual({});
  });

  it('counts runs of one instant beyond the first', async () => {
    const run = (jobId: string, scheduledFor: number | null): JobRunRow => ({
      id: ids.next('run'),
      jobId,
      project: 'p',
      clientKey: 'c',
      jobRevision: 1,
      trigger: 'SCHEDULE',
      scheduledFor,
      state: 'ENDED',
      status: 'READY',
      result: 'SUCCESS',
      startedAt: null,
      endedAt: null,
      actions: [],
      actionDefaults: {},
      createdAt: START,
      waitUntil: null,
      leaseOwner: null,
      leaseUntil: null,
      fence: 0,
      abortRequestedAt: null,
      abortReason: null,
      requestedBy: null,
      nextAttemptAt: null,
      progressSequence: 0,
      outputPosition: 0,
      outputBytes: 0,
      outputLines: 0,
    });
    const insert = (rows: JobRunRow[]) => store.db.transaction((tx) => insertRows(tx, JobRunEntity, rows));
    await insert([run('a', START), run('b', START), run('a', START + 1), run('a', null), run('a', null)]);
    expect(await countDoubled(store.db.reader, START - 1)).toBe(0);
    await insert([run('a', START), run('a', START), run('b', START)]);
    expect(await countDoubled(store.db.reader, START - 1)).toBe(3);
    expect(await countDoubled(store.db.reader, START)).toBe(0);
  });
});
