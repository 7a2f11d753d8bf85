import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_LIMITS, DEFAULT_WORLD, type Scenario, type Trial } from '../scenario.js';
import { STORES } from '../stores.js';
import { TROUBLES } from './network.js';
import { POINTS } from './servers.js';

/** Harm of every kind, chosen by the seed, until the time is over. */
async function anything({ faults, random, minutes }: Trial): Promise<void> {
  const end = Date.now() + minutes * 60_000;
  const harms: (() => Promise<void>)[] = [
    async () => faults.kill(await faults.victim()),
    async () => faults.killAt(await faults.victim(), random.of(POINTS)),
    async () => faults.killTwo(await faults.victim()),
    async () => faults.killAndRestart(await faults.victim()),
    async () => faults.restart(await faults.victim()),
    async () => faults.freeze(await faults.victim(), random.between(1_000, 25_000)),
    () => faults.dropMongo(),
    () => faults.killStore(random.of(STORES), random.between(0, 8_000)),
    async () =>
      faults.network(await faults.victim(), random.of(STORES), random.of(TROUBLES), random.between(1_000, 20_000)),
  ];
  for (let round: (() => Promise<void>)[] = []; Date.now() < end; ) {
    if (round.length === 0) round = random.shuffled(harms);
    await sleep(random.between(0, 2_000));
    await round.shift()?.();
  }
}

export const STORM: Scenario = {
  name: 'storm',
  about: 'all of it in an order by the seed, for --minutes; what runs where no scenario is named',
  world: { ...DEFAULT_WORLD, proxied: STORES },
  load: { fires: 100, executed: 5 },
  limits: { ...DEFAULT_LIMITS, lateness: 40_000, recovery: 40_000 },
  run: anything,
};

/** A death at each point, and each other harm once, with a lease so short that it is over within a minute. */
async function inShort({ faults }: Trial): Promise<void> {
  for (const point of POINTS) await faults.killAt(await faults.victim(), point);
  await faults.dropMongo();
  await faults.freezeAt(await faults.victim(), 'before-commit', 5_000);
  await faults.killStore('redis', 500);
  await faults.killStore('secantus', 1_000);
  await faults.network(await faults.victim(), 'mariadb', { hold: true }, 4_000);
  await faults.network(await faults.victim(), 'secantus', { drop: true }, 2_000);
  await faults.killStore('mariadb', 1_000);
  await faults.restart(await faults.victim());
}

export const SHORT: Scenario = {
  name: 'short',
  about: 'what CI runs (--short): a lease of 3 s, a death at each named point, each other harm once',
  world: { engines: 3, shardLease: '3s', proxied: STORES, clocks: [3_600_000, 0, -3_600_000] },
  load: { fires: 50, executed: 3 },
  // A test asserts no time: how fast a machine that may be busy is belongs to the figures.
  limits: { lateness: Infinity, takeover: Infinity, recovery: Infinity },
  run: inShort,
};
