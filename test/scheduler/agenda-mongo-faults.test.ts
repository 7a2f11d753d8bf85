import { describe, expect, it } from 'vitest';
import { Elector } from '../../src/scheduler/agenda/elector.js';
import { freeStage, lockStage, mine } from '../../src/scheduler/agenda/mongo-entries.js';
import { MongoLockStore } from '../../src/scheduler/agenda/mongo-lock-store.js';
import { systemTimers } from '../../src/scheduler/timers.js';
import { TestLog } from './harness.js';

const LEASE = 15_000;

/** Those that show without a server: it is away, or what would be sent to it tells. */
describe('faults of Agenda with MongoDB', () => {
  const owner = { service: 'service_a', incarnation: 1 };

  it('i: a server that is away at the start ends the process. Ours says so, goes on, and asks again', async () => {
    const options = { owner, lockLength: LEASE, exclusive: false, wanted: () => ['shard_1'] };
    const store = new MongoLockStore('mongodb://127.0.0.1:1/none?serverSelectionTimeoutMS=50', options, systemTimers);
    const log = new TestLog();
    const elector = new Elector({ store, name: 'away', pollEvery: 3_600_000, log, onElected: async () => {} });
    await elector.start();
    await elector.poke();
    await expect(store.prepare()).rejects.toThrow();
    expect(store.available).toBe(false);
    await elector.stop();
    await store.close();
  });

  it('1.8: $expr in a filter makes a server skip its indexes. Ours keeps $$NOW to the pipelines of updates', () => {
    expect(JSON.stringify(mine(owner))).not.toMatch(/\$expr|\$\$NOW/);
    for (const stage of [lockStage(owner, LEASE, { $literal: true }), freeStage(1_000)]) {
      expect(JSON.stringify(stage)).toContain('$$NOW');
    }
  });
});
