import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HeldWork, Kind } from '../../src/scheduler/kinds.js';
import { retryWork } from '../../src/scheduler/work-begin.js';
import { storeKinds } from '../kit/stores.js';
import { openStore, type TestStore } from './harness.js';
import { Gate, LEASE, WorkPlace } from './work-harness.js';

const ENDED = { state: 'WAITING', serviceId: null };

describe.each(storeKinds())('leased work on %s', (kind) => {
  let store: TestStore;
  /** The pieces that have begun to run, and what each waits for. */
  let runs: HeldWork[];
  let gate: Gate;
  let place: WorkPlace;

  beforeEach(async () => {
    store = await openStore(kind);
    runs = [];
    gate = new Gate();
    place = open();
  });
  afterEach(async () => {
    gate.open();
    await store.close();
  });

  /** Engines whose work waits at the gate, or for the end of its signal. */
  function open(onLost?: Kind['onLost']): WorkPlace {
    return new WorkPlace(
      store,
      (held) => {
        runs.push(held);
        return Promise.race([gate.opened, aborted(held.signal)]);
      },
      onLost,
    );
  }

  const aborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
  const write = (held: HeldWork): Promise<string> =>
    held.db
      .transaction((tx) => tx.execute('UPDATE leases SET reason = ? WHERE subject = ?', ['written', held.subject]))
      .then(
        () => 'written',
        (error: { code: string }) => error.code,
      );

  describe('begins', () => {
    it('once for each subject, rings after the commit, and is gone once it is done', async () => {
      const crew = place.crew(await place.engine('a'));
      expect(await place.begin('s')).toBe('BEGUN');
      expect(place.bell.rung.filter((channel) => channel === 'work')).toHaveLength(1);
      expect(await place.begin('s')).toBe('UNDER_WAY');
      await crew.look();
      expect(await place.lease('s')).toMatchObject({ state: 'RUNNING', fence: 1, attempts: 1 });
      expect(await place.begin('s')).toBe('UNDER_WAY');
      gate.open();
      await crew.idle();
      expect(await place.lease('s')).toBeUndefined();
      expect(runs.map(({ subject, deaths }) => [subject, deaths])).toEqual([['s', 0]]);
      expect(['taken', 'finished'].map((what) => place.metrics.count(`${what} work`))).toEqual([1, 1]);
      expect(await place.begin('s')).toBe('BEGUN');
    });

    it('once when many ask at the same time', async () => {
      const answers = await Promise.all(Array.from({ length: 5 }, () => place.begin('s')));
      expect(answers.filter((answer) => answer === 'BEGUN')).toHaveLength(1);
    });

    it('on one of the engines that look at the same time, within the places they have', async () => {
      for (const subject of ['s1', 's2', 's3', 's4', 's5']) await place.begin(subject);
      const crews = [place.crew(await place.engine('a'), 2), place.crew(await place.engine('b'), 2)];
      await Promise.all(crews.map((crew) => crew.look()));
      expect(crews.map((crew) => crew.size)).toEqual([2, 2]);
      expect(new Set(runs.map(({ subject }) => subject)).size).toBe(4);
      gate.open();
      await Promise.all(crews.map((crew) => crew.idle()));
      expect(runs.map(({ subject }) => subject).sort()).toEqual(['s1', 's2', 's3', 's4', 's5']);
    });

    it('where the tag of its background job fits, as it is when it is taken', async () => {
      const [plain, eu] = [await place.engine('a'), await place.engine('b', { zone: 'eu' })];
      await store.db.transaction(async (tx) => {
        const tag = { zone: 'eu' };
        await place.planner.plan(tx, 'work', { subject: 's', project: null, nextRunAt: await tx.now(), tag });
      });
      await place.begin('s');
      const crew = place.crew(plain);
      await crew.look();
      expect(crew.size).toBe(0);
      const fitting = place.crew(eu);
      await fitting.look();
      expect(fitting.size).toBe(1);
    });

    it('on no engine that drains, has stopped, or whose service was started anew', async () => {
      const before = await place.engine('a');
      const drained = await place.engine('b');
      const stopped = await place.engine('c');
      await place.engine('a');
      await store.db.transaction((tx) =>
        tx.execute("UPDATE services SET state = 'DRAINING' WHERE id = ?", [drained.id]),
      );
      await place.registry.leave(stopped);
      await place.begin('s');
      for (const service of [before, drained, stopped]) await place.crew(service).look();
      expect(await place.lease('s')).toMatchObject(ENDED);
    });
  });

  describe('whose engine is gone', () => {
    it('is ended by the decision that the service is FAILED, taken up by another, and written by it alone', async () => {
      const [a, b] = [await place.engine('a'), await place.engine('b')];
      const first = place.crew(a);
      await place.begin('s');
      await first.look();
      store.clock.forward(LEASE);
      await place.registry.heartbeat(b);
      expect(await place.lease('s')).toMatchObject({ state: 'RUNNING', serviceId: a.id });
      expect(await place.registry.declareFailed(a.id)).toBe(true);
      expect(await place.lease('s')).toMatchObject({ ...ENDED, reason: expect.stringContaining('fell silent') });
      const second = place.crew(b);
      await second.look();
      expect(await place.lease('s')).toMatchObject({ state: 'RUNNING', serviceId: b.id, fence: 2, attempts: 2 });
      const [old, now] = runs;
      if (!old || !now) throw new Error('Both have begun.');
      expect(now.deaths).toBe(1);
      expect([await write(old), await write(now)]).toEqual(['LEASE_LOST', 'written']);
      expect(old.signal.aborted).toBe(true);
      await first.idle();
      expect(place.metrics.count('refused work')).toBe(1);
      expect(place.metrics.count('fence refused')).toBe(1);
      gate.open();
      await second.idle();
      expect(await place.lease('s')).toBeUndefined();
    });

    it('is ended when its lease runs out, whatever the table says of the service', async () => {
      const [a, b] = [await place.engine('a'), await place.engine('b')];
      await place.begin('s');
      await place.crew(a).look();
      store.clock.forward(LEASE - 1);
      const crew = place.crew(b);
      await crew.look();
      expect(await place.lease('s')).toMatchObject({ serviceId: a.id });
      await place.registry.heartbeat(a);
      store.clock.forward(1);
      await crew.look();
      expect(await place.lease('s')).toMatchObject({ serviceId: b.id, fence: 2 });
    });

    it('keeps its lease as long as it is renewed, and stops when another has it', async () => {
      const [a, b] = [await place.engine('a'), await place.engine('b')];
      const [crew, other] = [place.crew(a), place.crew(b)];
      await place.begin('s');
      await crew.look();
      for (let beat = 0; beat < 5; beat += 1) {
        store.clock.forward(LEASE / 3);
        await crew.renew();
        await other.look();
      }
      expect(await place.lease('s')).toMatchObject({ serviceId: a.id, fence: 1 });
      store.clock.forward(LEASE);
      await other.look();
      expect(runs[0]?.signal.aborted).toBe(false);
      await crew.renew();
      expect(runs[0]?.signal.aborted).toBe(true);
    });

    it('stops by itself when the database was silent for the time of a lease', async () => {
      const crew = place.crew(await place.engine('a'));
      await place.begin('s');
      await crew.look();
      place.timers.forward(LEASE - 1);
      expect(runs[0]?.signal.aborted).toBe(false);
      place.timers.forward(1);
      expect(runs[0]?.signal.aborted).toBe(true);
      await crew.idle();
      expect(await place.lease('s')).toMatchObject({ state: 'RUNNING' });
    });

    it('is ended at once when its service starts anew', async () => {
      await place.begin('s');
      await place.crew(await place.engine('a')).look();
      const again = place.crew(await place.engine('a'));
      expect(await place.lease('s')).toMatchObject(ENDED);
      await again.look();
      expect(again.size).toBe(1);
    });

    it('is over when the kind says so, in the same transaction', async () => {
      place = open(async (tx, { subject }) => {
        const nextRunAt = await tx.now();
        await place.planner.plan(tx, 'work', { subject, project: null, nextRunAt });
        return 'END';
      });
      const a = await place.engine('a');
      await place.begin('s');
      await place.crew(a).look();
      store.clock.forward(LEASE);
      await place.registry.declareFailed(a.id);
      expect(await place.lease('s')).toBeUndefined();
      expect(await store.db.reader.rows('SELECT subject FROM background_jobs')).toEqual([{ subject: 's' }]);
    });

    it('waits for another when the kind cannot decide, and the service is FAILED all the same', async () => {
      place = open(async (tx) => {
        await tx.execute("UPDATE leases SET kind = 'nonsense'");
        throw new Error('no idea');
      });
      const a = await place.engine('a');
      await place.begin('s');
      await place.crew(a).look();
      store.clock.forward(LEASE);
      expect(await place.registry.declareFailed(a.id)).toBe(true);
      expect(await place.lease('s')).toMatchObject(ENDED);
      expect(await store.db.reader.rows('SELECT kind FROM leases')).toEqual([{ kind: 'work' }]);
      expect(place.log.warnings.join()).toContain('no idea');
    });

    it('is parked after three deaths, told so, and taken up when somebody has it tried again', async () => {
      await place.begin('s');
      for (const host of ['a', 'b', 'c']) {
        const service = await place.engine(host);
        const crew = place.crew(service);
        await crew.look();
        expect(crew.size).toBe(1);
        store.clock.forward(LEASE);
        await place.registry.declareFailed(service.id);
      }
      expect(place.losses.map(({ deaths, parked }) => [deaths, parked])).toEqual([
        [1, false],
        [2, false],
        [3, true],
      ]);
      expect(await place.lease('s')).toMatchObject({ state: 'PARKED', reason: expect.stringContaining('3 times') });
      expect(await place.begin('s')).toBe('PARKED');
      const crew = place.crew(await place.engine('d'));
      await crew.look();
      expect(crew.size).toBe(0);
      expect(place.metrics.count('parked work')).toBe(1);
      expect(await store.db.transaction((tx) => retryWork(tx, place.bell, 'work', 's'))).toBe(true);
      await crew.look();
      expect(await place.lease('s')).toMatchObject({ state: 'RUNNING', attempts: 1 });
      expect(await store.db.transaction((tx) => retryWork(tx, place.bell, 'work', 's'))).toBe(false);
    });

    it('is tried again at once when its background job is bound anew', async () => {
      await store.db.transaction(async (tx) =>
        place.planner.plan(tx, 'work', { subject: 's', project: null, nextRunAt: await tx.now() }),
      );
      await place.begin('s');
      const [job] = await store.db.reader.rows<{ id: string }>('SELECT id FROM background_jobs');
      const rebind = () => store.db.transaction((tx) => place.planner.rebind(tx, job?.id ?? '', null));
      expect(await rebind()).toBe(false);
      await store.db.transaction((tx) => tx.execute("UPDATE leases SET state = 'PARKED', wake_at = NULL"));
      expect(await rebind()).toBe(true);
      expect(await place.lease('s')).toMatchObject(ENDED);
    });

    it('is tried apart from other such work, so that the innocent are not blamed again', async () => {
      const a = await place.engine('a');
      for (const subject of ['s1', 's2', 's3']) await place.begin(subject);
      await place.crew(a).look();
      store.clock.forward(LEASE);
      await place.registry.declareFailed(a.id);
      await place.begin('s4');
      const crew = place.crew(await place.engine('b'));
      runs = [];
      await crew.look();
      expect(runs.map(({ deaths }) => deaths).sort()).toEqual([0, 1]);
      gate.open();
      await crew.idle();
      expect(await store.db.reader.rows('SELECT id FROM leases')).toEqual([]);
    });
  });

  describe('that ends', () => {
    it('with its last write, or not at all', async () => {
      const a = await place.engine('a');
      const crew = place.crew(a);
      await place.begin('s');
      await crew.look();
      const [held] = runs;
      if (!held) throw new Error('It has begun.');
      const finish = (fails: boolean): Promise<void> =>
        store.db.transaction(async (tx) => {
          await held.finish(tx);
          if (fails) throw new Error('rolled back');
        });
      await expect(finish(true)).rejects.toThrow('rolled back');
      expect(await place.lease('s')).toMatchObject({ state: 'RUNNING' });
      await finish(false);
      expect(await place.lease('s')).toBeUndefined();
      expect(await write(held)).toBe('LEASE_LOST');
      gate.open();
      await crew.idle();
      expect(place.metrics.count('finished work')).toBe(1);
    });

    it('with an error is tried again, later each time, and blames no engine', async () => {
      let times = 0;
      place = new WorkPlace(store, async () => {
        times += 1;
        throw new Error(`fault ${times}`);
      });
      const crew = place.crew(await place.engine('a'));
      await place.begin('s');
      await crew.look();
      await crew.idle();
      expect(await place.lease('s')).toMatchObject({ ...ENDED, attempts: 0, reason: 'fault 1' });
      for (const wait of [5_000, 10_000, 20_000]) {
        store.clock.forward(wait - 1);
        await crew.look();
        await crew.idle();
        const before = times;
        store.clock.forward(1);
        await crew.look();
        await crew.idle();
        expect(times).toBe(before + 1);
      }
      expect(place.metrics.count('failed work')).toBe(4);
    });
  });

  describe('of an engine that stops', () => {
    it('may end within the time of grace, while nothing new is taken and its lease is renewed', async () => {
      const a = await place.engine('a');
      const crew = place.crew(a);
      await place.begin('s1');
      await crew.look();
      await place.begin('s2');
      const stopped = crew.stop(60_000);
      await place.registry.leave(a);
      await crew.look();
      expect(runs.map(({ subject }) => subject)).toEqual(['s1']);
      gate.open();
      await stopped;
      expect([await place.lease('s1'), await place.lease('s2')]).toMatchObject([undefined, ENDED]);
      expect(place.metrics.count('finished work')).toBe(1);
    });

    it('is told to stop after it, and handed back without blame', async () => {
      const crew = place.crew(await place.engine('a'));
      await place.begin('s');
      await crew.look();
      const stopped = crew.stop(10_000);
      await expect.poll(() => place.timers.delays).toContain(10_000);
      place.timers.forward(10_000);
      await stopped;
      expect(runs[0]?.signal.aborted).toBe(true);
      expect(await place.lease('s')).toMatchObject({
        ...ENDED,
        attempts: 0,
        reason: expect.stringContaining('stopped'),
      });
      expect(place.metrics.count('handed back work')).toBe(1);
    });

    it('is handed back over its head when it does not heed that, and writes nothing more', async () => {
      place = new WorkPlace(store, (held) => {
        runs.push(held);
        return gate.opened;
      });
      const crew = place.crew(await place.engine('a'));
      await place.begin('s');
      await crew.look();
      const stopped = crew.stop(0);
      await expect.poll(() => place.timers.delays).toContain(0);
      place.timers.forward(0);
      await expect.poll(() => place.timers.delays).toContain(1_000);
      place.timers.forward(1_000);
      await stopped;
      expect(await place.lease('s')).toMatchObject({ ...ENDED, attempts: 0 });
      expect(runs[0] && (await write(runs[0]))).toBe('LEASE_LOST');
      const next = place.crew(await place.engine('b'));
      await next.look();
      expect(next.size).toBe(1);
    });
  });
});
