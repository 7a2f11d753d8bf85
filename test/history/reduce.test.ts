import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TASK_STATUSES } from '../../src/entities/ledger.js';
import { closeTask, type Ending, type Received, reduceTask, type TaskState } from '../../src/history/reduce.js';
import { isTerminal, restStatus, statusesOfResults, statusOfResult } from '../../src/history/statuses.js';

const instant = fc.integer({ min: 0, max: 20 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

/** Reports of one attempt; each has an id of its own, as the ledger lets each id in once. */
const reports: fc.Arbitrary<Received[]> = fc
  .array(
    fc.record({
      status: fc.constantFrom(...TASK_STATUSES),
      taskName: fc.constantFrom('a', 'b'),
      announced: fc.boolean(),
      reason: maybe(fc.constantFrom('x', 'y')),
      reportedAt: maybe(instant),
      timeStart: maybe(instant),
      timeEnd: maybe(instant),
      exitCode: maybe(fc.integer({ min: 0, max: 3 })),
      custom: maybe(fc.constantFrom({ a: 1 }, { b: 2 })),
      receivedAt: instant,
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((list) =>
    list.map(({ receivedAt, ...given }, index) => ({
      report: { graphTaskId: 't', nodeId: '1', attempt: 1, ...given },
      reportId: `r${index}`,
      receivedAt,
    })),
  );

const ending: Ending = { running: 'LOST', reason: 'The end.', at: 50 };

/** Reduces the reports in batches; the transaction ends before the batch of this index (none: it does not end). */
function fold(batches: readonly (readonly Received[])[], endBefore: number | null): TaskState | undefined {
  return batches.reduce<TaskState | undefined>((row, batch, index) => {
    const [head, ...rest] = batch;
    const over = endBefore !== null && index >= endBefore;
    if (!head) return row;
    const reduced = reduceTask(row, [head, ...rest]);
    return over ? closeTask(reduced, ending) : reduced;
  }, undefined);
}

const report = (status: Received['report']['status'], reportId: string, at: number): Received => ({
  report: { graphTaskId: 't', taskName: 't', nodeId: '1', attempt: 1, announced: true, status, reportedAt: at },
  reportId,
  receivedAt: at,
});

describe('the reducer of the ledger', () => {
  it('ends in the same row in any order, batching and repetition', () => {
    const shuffled = reports.chain((list) =>
      fc.record({
        list: fc.constant(list),
        again: fc.shuffledSubarray([...list, ...list], { minLength: 0 }),
        order: fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
        cut: fc.nat(list.length),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ list, order, again, cut }) => {
        const expected = fold([list], null);
        expect(fold([order], null)).toEqual(expected);
        expect(fold([order.slice(0, cut), order.slice(cut)], null)).toEqual(expected);
        expect(fold([order, again], null)).toEqual(expected);
        expect(
          fold(
            order.map((one) => [one]),
            null,
          ),
        ).toEqual(expected);
      }),
    );
  });

  it('ends in the same row whether reports come before or after the end of the transaction', () => {
    const cut = reports.chain((list) =>
      fc.record({
        list: fc.constant(list),
        order: fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
        endBefore: fc.nat(list.length - 1),
      }),
    );
    fc.assert(
      fc.property(cut, ({ list, order, endBefore }) => {
        const singles = order.map((one) => [one]);
        expect(fold(singles, endBefore)).toEqual(fold([list], 0));
      }),
    );
  });

  it('never undoes a terminal status by a late RUNNING of the same attempt', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TASK_STATUSES.filter(isTerminal)), instant, instant, (status, ended, late) => {
        const row = fold([[report(status, 'r1', ended)], [report('RUNNING', 'r2', late)]], null);
        expect(row?.status).toBe(status);
      }),
    );
  });

  it('takes READY without RUNNING: the start is what the report says, or unknown', () => {
    expect(fold([[report('READY', 'r1', 7)]], null)).toMatchObject({ status: 'READY', timeStart: null, timeEnd: 7 });
    const known = report('READY', 'r1', 7);
    const told = { ...known, report: { ...known.report, timeStart: 3 } };
    expect(fold([[told]], null)).toMatchObject({ status: 'READY', timeStart: 3, timeEnd: 7 });
  });

  it('keeps what a later report leaves out, and a reason as long as the status is the one that it gives', () => {
    const told = (status: Received['report']['status'], at: number, more: Partial<Received['report']>): Received => {
      const { report: plain, ...received } = report(status, `r${at}`, at);
      return { ...received, report: { ...plain, ...more } };
    };
    const begun = told('RUNNING', 1, { custom: { host: 'a' }, exitCode: 3, reason: 'It waits.' });
    const ready = told('READY', 2, {});
    expect(fold([[begun, ready]], null)).toMatchObject({ custom: { host: 'a' }, exitCode: 3, reason: null });
    const failed = [told('ERROR', 3, { reason: 'No room.', exitCode: 1 }), told('ERROR', 4, {})];
    expect(fold([failed, [begun]], null)).toMatchObject({
      custom: { host: 'a' },
      exitCode: 1,
      reason: 'No room.',
      decidedAt: 4,
    });
    // Between two that give it, the decision rules, not the sequence.
    expect(
      fold([[ready, told('READY', 5, { exitCode: 5 })], failed, [told('READY', 9, { exitCode: 9 })]], null),
    ).toMatchObject({
      exitCode: 1,
    });
  });

  it('closes no attempt before it began, whatever the clock of the end says', () => {
    const row = fold([[report('RUNNING', 'r1', 70)]], 0);
    expect(row).toMatchObject({ status: 'LOST', timeStart: 70, timeEnd: 70 });
    expect(fold([[report('RUNNING', 'r1', 70)], [report('RUNNING', 'r2', 60)]], 0)).toMatchObject({ timeEnd: 60 });
  });

  it('closes what is open at the end: PENDING is SKIPPED, RUNNING is LOST', () => {
    expect(fold([[report('PENDING', 'r1', 1)]], 0)).toMatchObject({
      status: 'SKIPPED',
      reason: 'The end.',
      closed: true,
    });
    expect(fold([[report('RUNNING', 'r1', 1)]], 0)).toMatchObject({ status: 'LOST', timeEnd: 50, closed: true });
    expect(fold([[report('ERROR', 'r1', 1)]], 0)).toMatchObject({ status: 'ERROR', closed: false });
  });
});

describe('the table of statuses', () => {
  it('says what a result is as a status of the transaction', () => {
    const results = ['SUCCESS', 'FAIL', 'ABORTED', 'LOST', 'MISSED'] as const;
    expect(results.map(statusOfResult)).toEqual(['READY', 'ERROR', 'STOPPED', 'LOST', 'STOPPED']);
    expect(statusesOfResults(['ABORTED', 'MISSED', 'SKIPPED'])).toEqual(['STOPPED']);
  });

  it("says LOST and STOPPED in the seed's REST with the real one beside", () => {
    expect(restStatus('LOST')).toEqual({ status: 'error', real: 'LOST' });
    expect(restStatus('STOPPED')).toEqual({ status: 'skipped', real: 'STOPPED' });
    expect(restStatus('READY')).toEqual({ status: 'ready', real: null });
  });
});
