// Next-run calculations a second on one core, beside cron-parser where it can express the schedule, and the costliest
// single calls. Run: node scripts/run-ts.mjs bench/schedule.ts
import { CronExpressionParser } from 'cron-parser';
import { cronSchedule, dateSchedule, intervalSchedule } from '../src/schedule/build.js';
import { nextFire } from '../src/schedule/next.js';
import type { Schedule } from '../src/schedule/types.js';

interface Case {
  readonly name: string;
  readonly schedule: Schedule;
  /** The same schedule for cron-parser (second minute hour day month weekday), where it can be said. */
  readonly crontab?: string;
}

const createdAt = Date.UTC(2026, 0, 15, 8, 30);
const cron = (input: Parameters<typeof cronSchedule>[0]) => cronSchedule(input).schedule;
const interval = (every: string, timezone = 'UTC') => intervalSchedule({ every, timezone }, { createdAt }).schedule;

const mixed: readonly Case[] = [
  { name: 'every minute, UTC', schedule: cron({ minute: '*' }), crontab: '0 * * * * *' },
  { name: 'every 15 s, Tokyo', schedule: cron({ second: '*/15', timezone: 'Asia/Tokyo' }), crontab: '*/15 * * * * *' },
  {
    name: 'nightly 02:30, Berlin',
    schedule: cron({ hour: 2, minute: 30, timezone: 'Europe/Berlin' }),
    crontab: '0 30 2 * * *',
  },
  {
    name: 'weekdays 8-18 every 10 min, New York',
    schedule: cron({ dayOfWeek: 'mon-fri', hour: '8-18', minute: '*/10', timezone: 'America/New_York' }),
    crontab: '0 */10 8-18 * * 1-5',
  },
  {
    name: 'last day of month, Sydney',
    schedule: cron({ day: 'last', hour: 23, timezone: 'Australia/Sydney' }),
    crontab: '0 0 23 L * *',
  },
  {
    name: '2nd Friday, Sao Paulo',
    schedule: cron({ day: '2nd fri', hour: 6, timezone: 'America/Sao_Paulo' }),
    crontab: '0 0 6 * * 5#2',
  },
  { name: 'ISO week 1-52/4, Berlin', schedule: cron({ week: '1-52/4', dayOfWeek: 'mon', timezone: 'Europe/Berlin' }) },
  {
    name: 'quarterly, Kolkata',
    schedule: cron({ month: '1-12/3', timezone: 'Asia/Kolkata' }),
    crontab: '0 0 0 1 */3 *',
  },
  {
    name: 'leap day, London',
    schedule: cron({ month: 2, day: 29, timezone: 'Europe/London' }),
    crontab: '0 0 0 29 2 *',
  },
  { name: 'every 6 hours, Berlin', schedule: interval('6 hours', 'Europe/Berlin') },
  { name: 'every day, New York', schedule: interval('1 day', 'America/New_York') },
  { name: 'every 2 weeks, Lord Howe', schedule: interval('2 weeks', 'Australia/Lord_Howe') },
  { name: 'one date', schedule: dateSchedule({ at: Date.UTC(2035, 0, 1) }).schedule },
];

const costly: readonly Case[] = [
  { name: 'leap day from 2099 on', schedule: cron({ year: '2099-9999', month: 2, day: 29 }), crontab: '0 0 0 29 2 *' },
  { name: 'leap day in 2099 (never)', schedule: cron({ year: 2099, month: 2, day: 29, timezone: 'Europe/Berlin' }) },
  { name: '30 February (never)', schedule: cron({ month: 2, day: 30 }) },
  { name: 'ISO week 53 in June (never)', schedule: cron({ month: 6, week: 53, timezone: 'America/New_York' }) },
  { name: 'Friday 29 February in week 9', schedule: cron({ month: 2, day: 29, week: 9, dayOfWeek: 'fri' }) },
  { name: 'Monday 1 January, week 2 (never)', schedule: cron({ month: 1, day: 1, week: 2, dayOfWeek: 'mon' }) },
  { name: '31st of short months (never)', schedule: cron({ month: '2,4,6,9,11', day: 31, second: '59' }) },
  { name: 'last second of 9999', schedule: cron({ year: 9999, month: 12, day: 30, hour: 23, minute: 59, second: 59 }) },
  { name: 'every second from 1970', schedule: interval('1 second') },
];

const from = Date.UTC(2026, 2, 1);
// Instants spread over ten years, so that clock changes and year ends are among them.
const instants = Array.from({ length: 4096 }, (_, index) => from + ((index * 2_654_435_761) % (10 * 365 * 86_400_000)));

/** Calls a second of a function of an instant, over about a second after warming up. */
function rate(call: (after: number) => void): number {
  const round = () => {
    for (const after of instants) call(after);
  };
  round();
  let calls = 0;
  const begin = performance.now();
  while (performance.now() - begin < 800) {
    round();
    calls += instants.length;
  }
  return (calls * 1000) / (performance.now() - begin);
}

/**
 * The slowest single call, in milliseconds: the first one, which also fills the caches (in CPU time), and the slowest of
 * the later ones (the best of three counts), so that a pause of the machine is not taken for work.
 */
function worst(schedule: Schedule): { first: number; later: number } {
  const timed = (after: number) => {
    const begin = performance.now();
    nextFire(schedule, after);
    return performance.now() - begin;
  };
  const before = process.cpuUsage();
  nextFire(schedule, from);
  const used = process.cpuUsage(before);
  let later = 0;
  for (const after of instants) later = Math.max(later, Math.min(timed(after), timed(after), timed(after)));
  return { first: (used.user + used.system) / 1000, later };
}

function peerRate({ crontab, schedule }: Case): number | null {
  if (crontab === undefined) return null;
  const expression = CronExpressionParser.parse(crontab, { tz: schedule.timezone, currentDate: from });
  return rate((after) => {
    expression.reset(new Date(after));
    expression.next();
  });
}

const count = (value: number) => Math.round(value).toLocaleString('en-US').padStart(12);

console.log(
  `node ${process.version}, one core; a call computes the due time after one of ${instants.length} instants\n`,
);
console.log(`${'worst single call'.padEnd(40)}${'first ms'.padStart(12)}${'later ms'.padStart(12)}`);
for (const { name, schedule } of [...costly, ...mixed]) {
  const { first, later } = worst(schedule);
  console.log(`${name.padEnd(40)}${first.toFixed(3).padStart(12)}${later.toFixed(3).padStart(12)}`);
}

console.log(
  `\n${'calls a second'.padEnd(40)}${'orrery'.padStart(12)}${'cron-parser'.padStart(12)}${'ratio'.padStart(9)}`,
);
for (const entry of [...mixed, ...costly]) {
  const own = rate((after) => nextFire(entry.schedule, after));
  // cron-parser knows no years: its leap day is that of any year.
  const peer = peerRate(entry);
  const beside =
    peer === null ? `${'-'.padStart(12)}${'-'.padStart(9)}` : `${count(peer)}${(own / peer).toFixed(1).padStart(8)}x`;
  console.log(`${entry.name.padEnd(40)}${count(own)}${beside}`);
}

let turn = 0;
const together = rate((after) => {
  const entry = mixed[turn++ % mixed.length];
  if (entry !== undefined) nextFire(entry.schedule, after);
});
console.log(`\n${'mixed, all of the first thirteen in turn'.padEnd(40)}${count(together)}   (goal: 200,000)`);
