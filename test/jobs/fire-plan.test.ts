import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CatchupPolicy } from '../../src/entities/job.js';
import { MOST_COUNTED, MOST_RUNS, ON_TIME, planFire } from '../../src/jobs/fire-plan.js';
import { storedSchedule } from '../../src/jobs/schedule-of.js';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/lib/time.js';
import { cronSchedule, intervalSchedule } from '../../src/schedule/build.js';
import { firesBetween } from '../../src/schedule/next.js';
import type { Schedule } from '../../src/schedule/types.js';
import { START } from '../kit/clock.js';

const every = (text: string): Schedule => intervalSchedule({ every: text }, { createdAt: START }).schedule;
const rules = (schedule: Schedule, catchup: CatchupPolicy, catchupWindow = 3_600) => ({
  schedule: storedSchedule(schedule),
  catchup,
  catchupWindow,
});

describe('what a due job is to do', () => {
  it('on time: one run, and the next instant', () => {
    const plan = planFire(rules(every('1 hour'), 'LATEST'), START + HOUR, START + HOUR + 5);
    expect(plan).toEqual({ run: [START + HOUR], missed: null, next: START + 2 * HOUR });
  });

  it('LATEST: one run for all missed, which are one stretch', () => {
    const plan = planFire(rules(every('1 minute'), 'LATEST'), START, START + 10 * MINUTE + 1);
    expect(plan).toEqual({
      run: [START + 10 * MINUTE],
      missed: { from: START, until: START + 9 * MINUTE, count: 10 },
      next: START + 11 * MINUTE,
    });
  });

  it('LATEST: none when the last one is older than the window', () => {
    const plan = planFire(rules(every('1 day'), 'LATEST'), START, START + 2 * HOUR);
    expect(plan).toEqual({ run: [], missed: { from: START, until: START, count: 1 }, next: START + DAY });
  });

  it('ALL: a run for each within the window, the older ones missed', () => {
    const plan = planFire(rules(every('30 minutes'), 'ALL'), START, START + 3 * HOUR);
    expect(plan.run).toEqual([START + 2 * HOUR, START + 2.5 * HOUR, START + 3 * HOUR]);
    expect(plan.missed).toEqual({ from: START, until: START + 1.5 * HOUR, count: 4 });
  });

  it('ALL: more than fit in one firing follow at once', () => {
    const plan = planFire(rules(every('1 second'), 'ALL'), START, START + HOUR);
    expect(plan.run).toHaveLength(MOST_RUNS);
    expect(plan.next).toBe(START + MOST_RUNS * SECOND);
  });

  it('NONE: what is over a minute late is missed', () => {
    expect(planFire(rules(every('1 day'), 'NONE'), START, START + ON_TIME).run).toEqual([START]);
    expect(planFire(rules(every('1 day'), 'NONE'), START, START + ON_TIME + 1).run).toEqual([]);
  });

  it('a window of nothing still bears the time in which another engine steps in', () => {
    expect(planFire(rules(every('1 day'), 'LATEST', 0), START, START + 20 * SECOND).run).toEqual([START]);
  });

  it('a year of missed seconds is one stretch to the last of them, counted exactly for an interval', () => {
    const now = START + 365 * DAY + 1;
    const missed = { from: START, until: START + 365 * DAY - SECOND, count: (365 * DAY) / SECOND };
    const run = [START + 365 * DAY];
    expect(planFire(rules(every('1 second'), 'LATEST'), START, now)).toEqual({ run, missed, next: now - 1 + SECOND });
    const none = planFire(rules(every('7 seconds'), 'NONE'), START, START + 30 * HOUR + 100 * SECOND);
    expect(none.run).toHaveLength(1);
    expect(none.missed?.until).toBe((none.run[0] ?? 0) - 7 * SECOND);
  });

  it('of a schedule that is not even, a stretch has its true end, and at least as many as it says', () => {
    const nightly = cronSchedule({ hour: 3, minute: '*', second: '*' }).schedule;
    const [first = 0] = firesBetween(nightly, START, START + DAY, 1);
    const plan = planFire(rules(nightly, 'NONE'), first, first + 20 * DAY - HOUR);
    expect(plan).toEqual({
      run: [],
      missed: { from: first, until: first + 19 * DAY + HOUR - SECOND, count: MOST_COUNTED },
      next: first + 20 * DAY,
    });
    expect(planFire(rules(nightly, 'LATEST', 86_400), first, START + 20 * DAY).run).toHaveLength(1);
  });

  it('accounts for every instant up to now exactly once, and goes on with the first after it', () => {
    const interval = fc.integer({ min: 1, max: 90 }).map((count) => every(`${count} minutes`));
    const cron = fc
      .record({ minute: fc.constantFrom('*/7', '3,40-44', '0'), hour: fc.constantFrom('*', '3-5', '*/5') })
      .map((fields) => cronSchedule(fields).schedule);
    const late = fc.integer({ min: 0, max: 36 * HOUR });
    const policy = fc.constantFrom<CatchupPolicy>('LATEST', 'ALL', 'NONE');
    const schedules = fc.oneof(interval, cron);
    fc.assert(
      fc.property(
        schedules,
        late,
        policy,
        fc.integer({ min: 0, max: 7_200 }),
        (schedule, lateness, catchup, window) => {
          const due = firesBetween(schedule, START - 1, START + 2 * DAY, 1)[0] ?? START;
          const now = due + lateness;
          const plan = planFire(rules(schedule, catchup, window), due, now);
          const all = [due, ...firesBetween(schedule, due, now, 10_000)];
          const { from, until, count } = plan.missed ?? { from: due, until: null, count: 0 };
          const left = plan.next !== null && plan.next <= now ? firesBetween(schedule, plan.next - 1, now, 10_000) : [];
          expect(plan.run.length + count + left.length).toBe(all.length);
          expect([from, until]).toEqual([due, all[count - 1] ?? null]);
          expect(all.slice(count, count + plan.run.length)).toEqual(plan.run);
          expect(plan.next).toBeGreaterThan(plan.run.at(-1) ?? due);
        },
      ),
    );
  });
});
