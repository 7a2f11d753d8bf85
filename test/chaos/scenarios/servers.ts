import { setTimeout as sleep } from 'node:timers/promises';
import type { SchedulerPoint } from '../../../src/scheduler/points.js';
import { createBurst } from '../fire-load.js';
import { DEFAULT_LIMITS, DEFAULT_WORLD, type Scenario, type Trial } from '../scenario.js';

export const POINTS: readonly SchedulerPoint[] = ['firing', 'before-commit', 'after-commit', 'leased', 'handing-over'];

/** Twenty deaths: each named point twice, and ten at any moment; the victims in turn, the order by the seed. */
async function killTwenty({ faults, random }: Trial): Promise<void> {
  const any = Array.from({ length: 10 }, () => null);
  const deaths = random.shuffled([...POINTS, ...POINTS, ...any]);
  for (const point of deaths) {
    const victim = await faults.victim();
    await sleep(random.between(200, 2_500));
    if (point === null) await faults.kill(victim);
    else await faults.killAt(victim, point);
  }
}

const BURST = 10_000;
/** Until a burst is due, from its last row on. */
const BURST_LEAD = 4_000;

/** One burst; `harm` is done in its middle. Tells when the last of it was fired, as seen from outside. */
async function burst(trial: Trial, name: string, harm?: (at: number) => Promise<void>): Promise<void> {
  const { world, watch, figure, say } = trial;
  const { front, observer } = world;
  // Its jobs are written for a time far ahead, then moved at once: writing them takes longer than firing them.
  const at = Date.now() + 3_600_000;
  const jobs = await createBurst(front.url, observer.sql, { count: BURST, at });
  const due = Date.now() + BURST_LEAD;
  const move = `UPDATE jobs, background_jobs SET jobs.schedule = JSON_SET(jobs.schedule, '$.at', ?),
    jobs.next_run_at = ?, background_jobs.next_run_at = ?, background_jobs.wake_at = ?
    WHERE jobs.id = background_jobs.subject AND background_jobs.next_run_at = ?`;
  await observer.sql.query(move, [due, due, due, due, at]);
  watch(jobs.map(({ id }) => ({ id, rhythm: { kind: 'once', at: due } })));
  const left = async (): Promise<number> => {
    const statement = `SELECT COUNT(*) AS found FROM background_jobs
      WHERE shard_id IN (SELECT id FROM shards) AND wake_at = ?`;
    return Number((await observer.rows<{ found: number }>(statement, [due]))[0]?.found);
  };
  await sleep(due - Date.now());
  if (harm) await observer.until(async () => (await left()) < BURST * 0.7, 30_000);
  const [last] = await Promise.all([
    observer.until(async () => (await left()) === 0, 60_000).then(() => Date.now()),
    harm?.(due),
  ]);
  const taken = `${((last - due) / 1_000).toFixed(1)} s`;
  figure(name, taken);
  say(`${BURST} jobs due at one instant, ${name}: all fired after ${taken}`);
}

async function bursts(trial: Trial): Promise<void> {
  const { faults } = trial;
  await burst(trial, 'undisturbed');
  for (const number of [1, 2, 3]) {
    await burst(trial, `a server killed in the middle (${number})`, async () => faults.kill(await faults.victim()));
  }
  await burst(trial, 'a server killed in its transaction', async () => faults.killAt(await faults.victim(), 'firing'));
}

async function frozen({ faults }: Trial): Promise<void> {
  await sleep(2_000);
  await faults.freeze(await faults.victim(), 60_000);
  await faults.freezeAt(await faults.victim(), 'firing', 25_000);
  await faults.freezeAt(await faults.victim(), 'before-commit', 25_000);
}

async function clocks({ world, faults, minutes }: Trial): Promise<void> {
  await sleep(Math.max(5, minutes * 60 - 45) * 1_000);
  // The one whose clock is an hour ahead, then the one whose clock is behind.
  for (const index of world.indexes.slice(0, 2)) await faults.kill(index);
}

const world = DEFAULT_WORLD;
const limits = DEFAULT_LIMITS;
const load = { fires: 200, executed: 5 };

export const SERVER_SCENARIOS: readonly Scenario[] = [
  {
    name: 'kill-20',
    about: 'kill -9 of one server of three, 20 times, at random moments and at each named point, at 200 fires a second',
    world,
    load,
    limits,
    run: killTwenty,
  },
  {
    name: 'burst',
    about: '10,000 jobs due at one instant, five times; in four of them a server is killed in the middle',
    world,
    load: { fires: 0, executed: 5 },
    limits,
    run: bursts,
  },
  {
    name: 'freeze',
    about:
      'SIGSTOP of a server for 60 s, and in the middle of its transaction, then SIGCONT: its late writes are refused',
    world,
    load,
    limits,
    run: frozen,
  },
  {
    name: 'clock',
    about: 'one clock an hour ahead, one an hour behind: nothing early, no living server robbed; then both are killed',
    world: { ...world, clocks: [3_600_000, -3_600_000, 0] },
    load,
    limits,
    run: clocks,
  },
];
