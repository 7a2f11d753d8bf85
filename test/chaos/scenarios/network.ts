import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults as NetworkFaults } from '../../kit/tcp-proxy.js';
import { DEFAULT_LIMITS, DEFAULT_WORLD, type Scenario, type Trial } from '../scenario.js';
import { STORES } from '../stores.js';

/** Longer than the lease. */
const LONG = 25_000;

/** What a network does: slow, frozen and healed, half-open (data vanishes), reset. */
export const TROUBLES: readonly (Partial<NetworkFaults> | 'cut')[] = [
  { delay: 300 },
  { hold: true },
  { drop: true },
  'cut',
];

async function eachOnce({ faults, random }: Trial): Promise<void> {
  const cases = STORES.flatMap((store) => TROUBLES.map((trouble) => ({ store, trouble })));
  for (const { store, trouble } of random.shuffled(cases)) {
    await sleep(500);
    await faults.network(await faults.victim(), store, trouble, trouble === 'cut' ? LONG : random.between(5_000, LONG));
  }
}

export const NETWORK_SCENARIO: Scenario = {
  name: 'network',
  about: 'one server: each store slow, frozen, half-open and cut, up to longer than the lease',
  world: { ...DEFAULT_WORLD, proxied: STORES },
  load: { fires: 100, executed: 3 },
  limits: { ...DEFAULT_LIMITS, recovery: 25_000, lateness: 25_000 },
  run: eachOnce,
};
