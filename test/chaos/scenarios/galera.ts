import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Galera, noGalera } from '../galera.js';
import { DEFAULT_LIMITS, DEFAULT_WORLD, type Scenario, type Trial } from '../scenario.js';
import type { Place } from '../stores.js';

/** The node that is killed: the first server's own. The last one is never harmed, and looked at from outside. */
const VICTIM = 0;
const WITNESS = 2;

async function killNode({ faults, world }: Trial): Promise<void> {
  await sleep(5_000);
  await faults.killStore('mariadb', 30_000);
  await sleep(5_000);
  await faults.killStore('mariadb', 1_000);
  await faults.kill(world.indexes.at(-1) ?? 0);
}

export const GALERA_SCENARIO: Scenario = {
  name: 'galera',
  about: 'three MariaDB nodes with Galera, a server on each; a node is killed twice, then a server (opt-in)',
  world: { ...DEFAULT_WORLD },
  load: { fires: 50, executed: 3 },
  limits: DEFAULT_LIMITS,
  async prepare({ place, say }) {
    const reason = noGalera();
    if (reason !== undefined) throw new Error(`No Galera here: ${reason}`);
    say('starting three MariaDB nodes with Galera');
    const galera = await Galera.start(await mkdtemp(join(tmpdir(), 'orrery-galera-')));
    const onGalera: Place = {
      ...place,
      url: (store) => (store === 'mariadb' ? galera.url(WITNESS) : place.url(store)),
      kill: (store) => (store === 'mariadb' ? galera.kill(VICTIM) : place.kill(store)),
      restart: (store) => (store === 'mariadb' ? galera.restart(VICTIM) : place.restart(store)),
    };
    return { place: onGalera, databaseUrl: (index) => galera.url(index), end: () => galera.end() };
  },
  run: killNode,
};
