import { setTimeout as sleep } from 'node:timers/promises';
import { buildOlder, OLDER } from '../older-version.js';
import { DEFAULT_LIMITS, DEFAULT_WORLD, type Scenario, type Trial } from '../scenario.js';
import { migrate, nameOf, PRODUCT } from '../world.js';

const BESIDE = 10_000;

/**
 * A rolling upgrade: migrate, then one server after the other, the one that holds most with kill -9. What an older server
 * was firing a newer one has to take over, and the other way round. (An older server does not start any more once the
 * newer version has migrated: it says so, and goes on only where it runs.)
 */
async function upgrade({ world, faults, say }: Trial): Promise<void> {
  const { observer, indexes } = world;
  await sleep(BESIDE);
  migrate(world.options.place.url('mariadb'), PRODUCT);
  say('migrated by the newer version; the older servers go on');
  await sleep(BESIDE);
  const holder = await faults.victim();
  const [first = 0, last = 0] = indexes.filter((index) => index !== holder);
  for (const index of indexes) world.use(index, PRODUCT);
  await faults.restart(first);
  say(`${nameOf(first)} is of the newer version: ${await observer.spread()}`);
  await faults.kill(holder);
  say(`${nameOf(holder)} too: ${await observer.spread()}`);
  await sleep(BESIDE);
  await faults.kill(first);
  await sleep(BESIDE);
  await faults.restart(last);
  say(`every server is of the newer version: ${await observer.spread()}`);
  await sleep(BESIDE);
}

export const VERSIONS_SCENARIO: Scenario = {
  name: 'versions',
  about: `a rolling upgrade from ${OLDER} to this version under load, with a server of each killed in between`,
  world: DEFAULT_WORLD,
  load: { fires: 100, executed: 3 },
  limits: DEFAULT_LIMITS,
  async prepare({ directory, say }) {
    say(`building the older version ${OLDER}`);
    return { product: await buildOlder(directory) };
  },
  run: upgrade,
};
