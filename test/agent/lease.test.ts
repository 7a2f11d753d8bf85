import { OrreryError } from '@orrery/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { LeaseKeeper } from '../../src/agent/lease.js';
import type { Held } from '../../src/agent/run-api.js';
import { ManualTimers } from '../scheduler/harness.js';

/** A renewal that was asked for, and what is to come of it. */
interface Asked {
  readonly wait: number;
  readonly answer: (held: Held) => void;
  readonly fail: (error: unknown) => void;
}

const HELD: Held = {
  fence: 1,
  leaseUntil: '2026-11-21T12:00:06.000Z',
  leaseSeconds: 6,
  outputLimit: 1_000,
  instruction: { kind: 'CONTINUE', delay: 0, timeout: null, action: null, task: null },
};

describe('the keeping of a lease of 6 s', () => {
  let timers: ManualTimers;
  let asked: Asked[];
  let told: string[];
  let keeper: LeaseKeeper;

  beforeEach(() => {
    timers = new ManualTimers();
    asked = [];
    told = [];
    keeper = new LeaseKeeper({
      api: {
        renewOnce: (wait) => new Promise((answer, fail) => asked.push({ wait, answer, fail })),
      },
      clock: { now: () => timers.elapsed() },
      timers,
      onAnswer: () => told.push('answer'),
      onRunOut: () => told.push('run out'),
      onFailure: () => told.push('failure'),
    });
    keeper.begin(6, 0);
  });

  /** Lets so many milliseconds pass, and whatever follows from it happen. */
  async function pass(milliseconds: number): Promise<void> {
    timers.forward(milliseconds);
    await new Promise(setImmediate);
  }

  it('asks again, beside the first, when a third of it has passed without an answer', async () => {
    await pass(1_000);
    expect(asked.map(({ wait }) => wait)).toEqual([6_000]);
    await pass(2_000);
    await pass(0);
    expect(asked).toHaveLength(2);
    asked[1]?.answer(HELD);
    await pass(0);
    // The first one is answered late: the lease is counted from the second.
    asked[0]?.answer(HELD);
    await pass(0);
    timers.forward(5_999);
    expect(told).toEqual(['answer', 'answer']);
    timers.forward(1);
    expect(told).toEqual(['answer', 'answer', 'run out']);
  });

  it('tells once that the server refuses, and asks no more', async () => {
    await pass(1_000);
    await pass(2_000);
    await pass(0);
    for (const { fail } of asked) fail(new OrreryError('Lost.', { code: 'LEASE_LOST' }));
    await pass(0);
    await pass(60_000);
    expect(told).toEqual(['failure']);
    expect(asked).toHaveLength(2);
  });

  it('asks again soon when the server takes too long or is away, until the lease runs out', async () => {
    for (const code of ['TIMEOUT', 'CANCELLED', 'NETWORK']) {
      await pass(1_000);
      asked.at(-1)?.fail(new OrreryError('Away.', { code }));
      await pass(0);
    }
    expect(asked).toHaveLength(3);
    expect(told).toEqual([]);
    await pass(3_000);
    expect(told).toEqual(['run out']);
    keeper.end();
  });
});
