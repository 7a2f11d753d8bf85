import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Gate } from '../../src/history/queue/gate.js';

it('does much together and some alone, in the order in which it came, and goes on after failures', async () => {
  const plan = fc.array(fc.record({ alone: fc.boolean(), turns: fc.nat(4), fails: fc.boolean() }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(plan, async (works) => {
      const gate = new Gate();
      const underWay = new Set<number>();
      const ended: number[] = [];
      const done = works.map(({ alone, turns, fails }, index) => {
        const work = async (): Promise<void> => {
          if (alone) expect(underWay.size).toBe(0);
          for (const other of underWay) expect(works[other]?.alone).toBe(false);
          if (alone) expect(ended.toSorted((a, b) => a - b)).toEqual([...works.keys()].slice(0, index));
          underWay.add(index);
          for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
          underWay.delete(index);
          ended.push(index);
          if (fails) throw new Error('It failed.');
        };
        return alone ? gate.alone(work) : gate.together(work);
      });
      const ends = await Promise.allSettled(done);
      expect(ends.map((end) => end.status === 'rejected' && end.reason.message)).toEqual(
        works.map(({ fails }) => fails && 'It failed.'),
      );
    }),
  );
});
