import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TASK_STATUSES, type TaskRow } from '../../src/entities/ledger.js';
import { compareTasks } from '../../src/history/task-difference.js';
import { TaskFiguresBuilder } from '../../src/history/task-stats.js';
import { taskRow, transactionRow } from '../kit/history-rows.js';
import { taskStats, transactionDiff } from './reference.js';

const SECOND = 1_000;

const rows = fc.array(
  fc.record({
    clusterId: fc.constantFrom('a', 'b'),
    nodeId: fc.constantFrom('1', '2'),
    graphTaskId: fc.constantFrom('x', 'y'),
    status: fc.constantFrom(...TASK_STATUSES),
    at: fc.nat(20),
    length: fc.option(fc.nat(5)),
  }),
  { maxLength: 60 },
);

/** Rows as they stand in the ledger, in the order they were made. */
function made(given: typeof rows extends fc.Arbitrary<infer T> ? T : never): TaskRow[] {
  return given.map(({ clusterId, at, length, ...rest }, index) => {
    const row = taskRow(transactionRow({ clusterId }, at * SECOND), index, {
      ...rest,
      taskName: 'x',
      timeStart: length === null ? null : at * SECOND,
      timeEnd: length === null ? null : (at + length) * SECOND,
    });
    return { ...row, number: index + 1, orderedAt: at * SECOND };
  });
}

describe('the figures of a task', () => {
  it('are those of a plain reckoning, in either order of time', () => {
    fc.assert(
      fc.property(rows, fc.boolean(), (given, newestFirst) => {
        const all = made(given);
        const { lastSuccess: _last, ...expected } = taskStats(all, {
          taskName: 'x',
          clusterIds: ['a', 'b'],
          nodeIds: null,
          from: 0,
          to: Number.MAX_SAFE_INTEGER,
        });
        const inTime = [...all].sort((a, b) => a.orderedAt - b.orderedAt || a.number - b.number);
        const builder = new TaskFiguresBuilder();
        for (const row of newestFirst ? inTime.reverse() : inTime) builder.add(row);
        const { attempts, counts, flakyRate, ...duration } = builder.figures();
        const seconds = Object.fromEntries(
          Object.entries(duration).map(([name, value]) => [name, value === null ? null : value / SECOND]),
        );
        expect({ attempts, flakyRate, duration: seconds, counts: Object.fromEntries(counts) }).toEqual({
          attempts: expected.attemptCount,
          flakyRate: expected.flakyRate,
          duration: expected.duration,
          counts: Object.fromEntries(expected.statusCounts.map(({ status, count }) => [status, count])),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('know a task that always fails from one that fails every other time', () => {
    const rateOf = (statuses: readonly TaskRow['status'][]): number | null => {
      const builder = new TaskFiguresBuilder();
      for (const status of statuses) {
        builder.add({ scope: 'a', nodeId: '1', graphTaskId: 'x', status, timeStart: null, timeEnd: null });
      }
      return builder.figures().flakyRate;
    };
    expect(rateOf(['ERROR', 'ERROR', 'LOST'])).toBe(0);
    expect(rateOf(['ERROR', 'READY', 'LOST', 'READY'])).toBe(1);
    expect(rateOf(['READY', 'SKIPPED', 'STOPPED', 'RUNNING', 'PENDING', 'READY'])).toBe(0);
    expect(rateOf(['READY'])).toBeNull();
  });

  it('take more durations than they begin with room for', () => {
    const builder = new TaskFiguresBuilder();
    for (let length = 1; length <= 5_000; length += 1) {
      builder.add({ scope: 'a', nodeId: '1', graphTaskId: 'x', status: 'READY', timeStart: 0, timeEnd: length });
    }
    expect(builder.figures()).toMatchObject({ p50: 2_500, p95: 4_750, p99: 4_950 });
  });
});

describe('the difference of two attempts', () => {
  const side = fc.record({
    status: fc.constantFrom('READY', 'ERROR' as const),
    length: fc.option(fc.nat(40), { freq: 5 }),
  });

  it('is that of a plain comparison', () => {
    const thresholds = fc.record({ seconds: fc.constantFrom(0, 1, 7), share: fc.constantFrom(0, 0.1, 0.5, 2) });
    fc.assert(
      fc.property(fc.option(side), fc.option(side), thresholds, (before, after, { seconds, share }) => {
        fc.pre(before !== null || after !== null);
        const [a, b] = ['a', 'b'].map((clusterId) => transactionRow({ clusterId }, 0));
        if (!a || !b) throw new Error('There are two.');
        const [left, right] = [[before, a] as const, [after, b] as const].map(([given, transaction]) => {
          if (given === null) return null;
          const timeEnd = given.length === null ? null : given.length * SECOND;
          return { ...taskRow(transaction, 0, { status: given.status, timeStart: 0, timeEnd }), number: 1 };
        });
        const found = compareTasks(left ?? null, right ?? null, { least: seconds * SECOND, share });
        const [expected] = transactionDiff(
          [left, right].flatMap((row) => row ?? []),
          {
            ...{ before: a.id, after: b.id, nodeIds: null, taskNames: null },
            ...{ changes: ['NEW', 'GONE', 'STATUS_CHANGED', 'DURATION_CHANGED', 'UNCHANGED'] },
            ...{ durationSeconds: seconds, durationShare: share },
          },
        );
        expect(found.change).toBe(expected?.change);
        expect(found.durationChange === null ? null : found.durationChange / SECOND).toBe(expected?.durationChange);
      }),
      { numRuns: 500 },
    );
  });
});
