import { setTimeout as sleep } from 'node:timers/promises';
import { prepareBurst, whenFired } from '../burst.js';
import { createOnce } from '../fire-load.js';
import { percentile } from '../ledger.js';
import { type CountOperations, mongoOperations, type Operations, sqlOperations } from '../lock-operations.js';
import type { Observer } from '../observer.js';
import { DEFAULT_LIMITS, DEFAULT_WORLD, type Scenario, type Trial } from '../scenario.js';
import { createOneDue, createSleepers } from '../sleepers.js';
import type { World } from '../world.js';

const MINUTE = 60_000;
const IDLE = 30_000;
/** Sharing out ends with a few more questions. */
const AFTERWARDS = 5_000;
/** How long servers run that reconciled at their start, until their memory is read. */
const AWAKE = 30_000;
const ROUNDS = 3;
/** How many jobs, and the seconds within which all of them are to be fired. */
const BURSTS = [
  [500, 0.5],
  [2_000, 1],
  [10_000, 5],
] as const;
const SPREAD = 10_000;
/** Writing those must have ended before the first of them is due. */
const SPREAD_LEAD = 15_000;
const SLEEPERS = 100_000;
/** What the memory in use varies by from start to start, megabytes. */
const MEMORY_NOISE = 3;

/** A trial with what counts the questions to Agenda's store. */
type Calm = Trial & { readonly counted: CountOperations };

const total = ({ byServer }: Operations): number => byServer.reduce((sum, one) => sum + one, 0);

/** How many questions a second a server asks that has nothing to fire: all of them, and one that owns every shard. */
async function idle(trial: Calm): Promise<void> {
  const { world, counted, figure, goal } = trial;
  const [first = 0, ...others] = world.indexes;
  const measure = async (name: string): Promise<void> => {
    await sleep(AFTERWARDS);
    const operations = await counted(() => sleep(IDLE));
    const most = Math.max(...operations.byServer) / (IDLE / 1_000);
    goal({ what: `lock-store operations of an idle server, ${name}`, measured: most, limit: 2, unit: 'a second' });
    figure(`lock-store operations in ${IDLE / 1_000} s, ${name}`, `${total(operations)}: ${operations.words}`);
  };
  for (const index of others) await world.end(index, 'SIGTERM');
  await world.settled([first]);
  await measure('one that owns all shards');
  await Promise.all(others.map((index) => world.start(index)));
  await world.settled();
  await measure('three');
}

/** So many jobs at one instant, a few times: the middle one is judged, as the first one meets cold programs. */
async function bursts(trial: Trial, count: number, limit: number): Promise<void> {
  const { say, figure, goal, world } = trial;
  const { observer } = world;
  const times: number[] = [];
  const begun: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const burst = await prepareBurst(trial, count);
    times.push((await whenFired(observer, burst)) / 1_000);
    begun.push(percentile(await latenesses(observer, burst.due, burst.due), 1) / 1_000);
    say(`${count} jobs due at one instant: all fired after ${times.at(-1)} s`);
  }
  const what = `${count} jobs due at one instant, until all are fired and committed`;
  const shown = (list: readonly number[]): string => list.map((one) => one.toFixed(2)).join(', ');
  figure(what, `${shown(times)} s; the last fire began after ${shown(begun)} s`);
  goal({
    what: `${what} (the middle one of ${ROUNDS})`,
    measured: percentile(times.sort(byValue), 0.5),
    limit,
    unit: 's',
  });
}

const byValue = (one: number, other: number): number => one - other;

/** How late each instant from `from` to `to` was fired, by the occurrences; ascending, milliseconds. */
async function latenesses(observer: Observer, from: number, to: number): Promise<number[]> {
  const statement = `SELECT fired_at - scheduled_for AS late FROM occurrences
    WHERE kind = 'job-run' AND scheduled_for BETWEEN ? AND ?`;
  return (await observer.rows<{ late: number }>(statement, [from, to])).map(({ late }) => Number(late)).sort(byValue);
}

/** Jobs at a millisecond of their own each, spread over a minute. */
async function minute({ world, random, counted, watch, say, figure, goal }: Calm): Promise<void> {
  const from = Date.now() + SPREAD_LEAD;
  const instants = Array.from({ length: SPREAD }, () => from + random.between(0, MINUTE - 1));
  watch(await createOnce(world.front.url, world.observer.sql, instants));
  if (Date.now() > from) throw new Error('The minute began before its jobs were there: the database is too slow.');
  await sleep(from - Date.now());
  const operations = await counted(() => sleep(MINUTE));
  await world.settled();
  const late = await latenesses(world.observer, from, from + MINUTE);
  const p99 = percentile(late, 0.99);
  const shown = `p50 ${percentile(late, 0.5)} ms, p99 ${p99} ms, worst ${percentile(late, 1)} ms`;
  figure(`lateness of ${SPREAD} jobs within a minute`, shown);
  say(`${SPREAD} jobs within a minute: ${shown}`);
  goal({ what: `lateness of ${SPREAD} jobs within a minute, p99`, measured: p99, limit: 100, unit: 'ms' });
  goal({ what: 'lock-store operations a fire', measured: total(operations) / SPREAD, limit: 0.05, unit: '' });
  figure('lock-store operations in that minute', `${total(operations)}: ${operations.words}`);
}

/** Memory of the servers, in order; `most`: of that in use at one of them. */
async function memory(world: World): Promise<{ most: number; words: string }> {
  const each = await Promise.all(world.indexes.map((index) => world.engine(index).memory()));
  const list = (of: (one: (typeof each)[number]) => number | string): string => each.map(of).join(', ');
  const inUse = `${list((one) => one.inUse.toFixed(1))} MB in use`;
  const resident = `${list(({ now }) => now)} resident with garbage, at most ${list(({ most }) => most)}`;
  return { most: Math.max(...each.map((one) => one.inUse)), words: `${inUse} (${resident})` };
}

/** The memory of servers that started, and reconciled, with so many more jobs that are not due; then one is. */
async function withSleepers({ world, watch, say, figure }: Trial, more: number, all: number): Promise<number> {
  const { observer, front } = world;
  await createSleepers(front.url, observer, more);
  for (const index of world.indexes) await world.end(index, 'SIGTERM');
  await Promise.all(world.indexes.map((index) => world.start(index)));
  await world.settled();
  const { at, jobs } = await createOneDue(front.url, observer, AWAKE - AFTERWARDS);
  watch(jobs);
  await sleep(AWAKE);
  const { most, words } = await memory(world);
  say(`${all} jobs: ${words}`);
  figure(`memory with ${all} jobs`, words);
  figure(`lateness of the one due among ${all}`, `${percentile(await latenesses(observer, at, at), 1)} ms`);
  return most;
}

/** Ten times as many jobs need no more memory. */
async function sleepers(trial: Trial): Promise<void> {
  const before = await withSleepers(trial, SLEEPERS / 10, SLEEPERS / 10);
  const after = await withSleepers(trial, SLEEPERS - SLEEPERS / 10, SLEEPERS);
  const what = `growth of a server's memory in use from ${SLEEPERS / 10} to ${SLEEPERS} jobs`;
  trial.goal({ what, measured: Math.max(0, after - before), limit: MEMORY_NOISE, unit: 'MB' });
}

const calm =
  (count: (world: World, doing: () => Promise<void>) => Promise<Operations>) =>
  async (trial: Trial): Promise<void> => {
    const { world } = trial;
    const counted = { ...trial, counted: (doing: () => Promise<void>) => count(world, doing) };
    await idle(counted);
    for (const [jobs, limit] of BURSTS) await bursts(trial, jobs, limit);
    await minute(counted);
    await sleepers(trial);
  };

const base = {
  load: { fires: 0, executed: 0, withoutWrites: true },
  limits: { ...DEFAULT_LIMITS, lateness: 10_000 },
};

export const CALM_SCENARIOS: readonly Scenario[] = [
  {
    name: 'calm',
    about: 'no harm: bursts, 10,000 jobs within a minute, questions to MongoDB, memory with 100,000 jobs',
    ...base,
    world: { ...DEFAULT_WORLD, proxied: ['secantus'] },
    run: calm((world, doing) => mongoOperations(world.mongoRequests, doing)),
  },
  {
    name: 'calm-sql',
    about: 'the same without MongoDB: the SQL database elects',
    ...base,
    world: { ...DEFAULT_WORLD, withoutMongo: true },
    run: calm((world, doing) => sqlOperations(world.observer, world.alive.length, doing)),
  },
];
