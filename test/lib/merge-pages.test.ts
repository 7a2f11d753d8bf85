import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergePages } from '../../src/lib/merge-pages.js';
import { readAhead } from '../../src/lib/read-ahead.js';

/** A source of pages that says how far it was read, and whether it was stopped. */
function source<T>(pages: readonly (readonly T[])[]): {
  items: AsyncGenerator<readonly T[]>;
  read: number;
  stopped: boolean;
} {
  async function* items(): AsyncGenerator<readonly T[]> {
    try {
      for (const page of pages) {
        state.read += 1;
        yield page;
      }
    } finally {
      state.stopped = true;
    }
  }
  const state = { items: items(), read: 0, stopped: false };
  return state;
}

const sorted = fc.array(fc.array(fc.nat(50), { maxLength: 4 }), { maxLength: 5 }).map((pages) => {
  const all = pages.flat().sort((a, b) => a - b);
  return pages.map(({ length }) => all.splice(0, length));
});

async function all<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const items: T[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

describe('merged pages', () => {
  it('hold every item of every source, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sorted, { maxLength: 6 }), async (sources) => {
        const merged = await all(
          mergePages(
            sources.map((pages) => source(pages).items),
            (a, b) => a - b,
          ),
        );
        expect(merged).toEqual(sources.flat(2).sort((a, b) => a - b));
      }),
    );
  });

  it('stop every source when nobody reads on', async () => {
    const sources = [source([[1], [4]]), source([[2], [3], [5]]), source([[9]])];
    for await (const [first] of mergePages(
      sources.map(({ items }) => items),
      (a, b) => a - b,
    )) {
      if (first === 2) break;
    }
    expect(sources.map(({ stopped, read }) => [stopped, read])).toEqual([
      [true, 2],
      [true, 1],
      [true, 1],
    ]);
  });
});

describe('reading ahead', () => {
  it('has one item ready, and never more', async () => {
    const { items, ...rest } = source([[1], [2], [3], [4]]);
    expect(rest.read).toBe(0);
    const ahead = readAhead(items);
    expect(await ahead.next()).toEqual({ done: false, value: [1] });
    expect(await ahead.next()).toEqual({ done: false, value: [2] });
    expect(await ahead.return(undefined)).toEqual({ done: true, value: undefined });
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('gives the failure of the source to who reads, after what came before it', async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      throw new Error('broken');
    }
    const ahead = readAhead(failing());
    expect(await ahead.next()).toEqual({ done: false, value: 1 });
    await expect(ahead.next()).rejects.toThrow('broken');
  });

  it('leaves the failure of an item that nobody reads alone', async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      throw new Error('broken');
    }
    const ahead = readAhead(failing());
    await ahead.next();
    expect(await ahead.return(undefined)).toEqual({ done: true, value: undefined });
  });
});
