import { setTimeout as sleep } from 'node:timers/promises';
import type { SchedulerPoint } from '../../../src/scheduler/points.js';
import { leftOf, prepareBurst, whenFired } from '../burst.js';
import { DEFAULT_LIMITS, DEFAULT_WORLD, type Scenario, type Trial } from '../scenario.js';

export const POINTS: readonly SchedulerPoint[] = ['firing', 'before-commit', 'after-commit', 'leased', 'handing-over'];

/**
 * Twenty single deaths: each named point twice, and ten at any moment, in an order by the seed. Each one comes when the
 * servers have got over the one before: all of them are back and hold their share, and nothing is overdue.
 */
async function killTwenty({ world, faults, random, figure }: Trial): Promise<void> {
  const any = Array.from({ length: 10 }, () => null);
  const deaths = random.shuffled([...POINTS, ...POINTS, ...any]);
  const settling: number[] = [];
  for (const point of deaths) {
    settling.push(await world.settled());
    const victim = await faults.victim();
    await sleep(random.between(200, 2_500));
    if (point === null) await faults.kill(victim);
    else await faults.killAt(victim, point);
  }
  const longest = (Math.max(...settling) / 1_000).toFixed(1);
  figure('from the start of a killed server until the shards were shared evenly', `at most ${longest} s`);
}

/** A server dies, and the one that takes its shards dies with their leases in hand: a lease has to end twice. */
async function killTwo({ world, faults }: Trial): Promise<void> {
  for (let times = 0; times < 3; times += 1) {
    await world.settled();
    await sleep(3_000);
    await faults.killTwo(await faults.victim());
  }
}

const BURST = 10_000;

/** One burst; `harm` is done in its middle. */
async function burst(trial: Trial, name: string, harm?: () => Promise<void>): Promise<void> {
  const { world, figure, say } = trial;
  await world.settled();
  const prepared = await prepareBurst(trial, BURST);
  const halfway = async (): Promise<void> => {
    await sleep(prepared.due - Date.now());
    await world.observer.until(async () => (await leftOf(world.observer, prepared)) < BURST * 0.7, 30_000);
    await harm?.();
  };
  const [passed] = await Promise.all([whenFired(world.observer, prepared), harm && halfway()]);
  const taken = `${(passed / 1_000).toFixed(1)} s`;
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
    about:
      'kill -9 of one server of three, 20 times, one after the other, at any moment and at each named point, at 200 fires a second',
    world,
    load,
    limits,
    run: killTwenty,
  },
  {
    name: 'kill-two',
    about: 'two deaths within one lease, three times: a server, then the one that is taking its shards',
    world,
    load,
    // A death in the middle of a takeover: what the first one owned waits for two leases to end.
    limits: { lateness: 35_000, takeover: 20_000, recovery: 25_000 },
    run: killTwo,
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
