import { beforeEach, describe, expect, it } from 'vitest';
import { LettingGo } from '../../src/scheduler/letting-go.js';
import type { SeenShard } from '../../src/scheduler/shard-leases.js';
import { ManualTimers } from './harness.js';

const SETTLE = 1_000;
const REST = 10_000;

const seen = (id: string, owner: string | null): SeenShard => ({
  id,
  tagKey: 'k',
  tag: {},
  slice: 0,
  owner,
  left: false,
});

describe('letting go', () => {
  let timers: ManualTimers;
  let held: Set<string>;
  let gone: [ids: string[], why: string][];
  let lettingGo: LettingGo;

  beforeEach(() => {
    timers = new ManualTimers();
    held = new Set(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
    gone = [];
    lettingGo = new LettingGo({
      timers,
      settle: SETTLE,
      rest: REST,
      ownership: {
        holds: (id) => held.has(id),
        async letGo(ids, why) {
          gone.push([[...ids], why]);
          for (const id of ids) held.delete(id);
        },
      },
    });
  });

  /** A look: this engine holds what it holds, and others have what it let go of, but `free`. */
  async function look(surplus: string, draining = false, free = ''): Promise<string> {
    const before = gone.length;
    const shards = [...'abcdefghij'].map((id) => seen(id, held.has(id) ? 'me' : free.includes(id) ? null : 'other'));
    lettingGo.consider([...surplus], shards, draining);
    await lettingGo.idle();
    return gone
      .slice(before)
      .flatMap(([ids]) => ids)
      .join('');
  }

  it('waits until a surplus has stood for a moment, and then gives a quarter of it at a time, at least two', async () => {
    expect(await look('abcdefghij')).toBe('');
    timers.forward(SETTLE - 1);
    expect(await look('abcdefghij')).toBe('');
    timers.forward(1);
    expect(await look('abcdefghij')).toBe('abc');
    expect(await look('defgh')).toBe('de');
    expect(await look('f')).toBe('f');
    expect(await look('')).toBe('');
    expect(gone.every(([, why]) => why === 'rebalanced')).toBe(true);
  });

  it('begins to wait again where the surplus was gone in between', async () => {
    await look('ab');
    timers.forward(SETTLE - 1);
    await look('');
    timers.forward(1);
    expect(await look('ab')).toBe('');
  });

  it('gives no more while nobody has taken what it gave', async () => {
    await look('abcdef');
    timers.forward(SETTLE);
    expect(await look('abcdef')).toBe('ab');
    expect(await look('cdef', false, 'b')).toBe('');
    expect(await look('cdef')).toBe('cd');
  });

  it('leaves what it gave to others for a while', async () => {
    await look('ab');
    timers.forward(SETTLE);
    await look('ab');
    expect(['a', 'b', 'c'].map((id) => lettingGo.rests(id))).toEqual([true, true, false]);
    timers.forward(REST);
    expect(['a', 'b'].map((id) => lettingGo.rests(id))).toEqual([false, false]);
  });

  it('gives everything at once when it drains, and could take it back when that ends', async () => {
    expect(await look('abcdefghij', true)).toBe('abcdefghij');
    expect(gone[0]?.[1]).toBe('its owner is draining');
    expect(lettingGo.rests('a')).toBe(false);
  });

  it('does nothing about what it does not hold, as what it is just taking', async () => {
    await look('xy');
    timers.forward(SETTLE);
    expect(await look('xy')).toBe('');
    expect(await look('xy', true)).toBe('');
  });
});
