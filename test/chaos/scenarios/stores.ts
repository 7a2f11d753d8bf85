import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_LIMITS, DEFAULT_WORLD, type Scenario, type Trial } from '../scenario.js';

const AWAY = 60_000;
const SOME = 3_000;

/** All entries of Agenda's store are back within 90 s, and each is locked by a living owner or free. */
async function entriesBack({ world, figure }: Trial): Promise<void> {
  const { observer, options } = world;
  const { all } = await observer.shards();
  const back = await observer.until(async () => (await options.place.mongoEntries()) >= all, 90_000);
  figure('entries back in MongoDB', back === null ? 'not within 90 s' : `${(back / 1_000).toFixed(1)} s`);
  if (back === null) throw new Error('The entries of Agenda were not made again within 90 s.');
}

async function mongoStopped(trial: Trial): Promise<void> {
  await sleep(SOME);
  await trial.faults.killStore('secantus', AWAY);
  await entriesBack(trial);
  await sleep(SOME);
}

async function mongoDropped(trial: Trial): Promise<void> {
  const { faults } = trial;
  await sleep(SOME);
  await faults.dropMongo();
  await entriesBack(trial);
  // Nor does it matter when a server dies with the entries gone.
  await faults.dropMongo();
  await faults.kill(await faults.victim());
  await entriesBack(trial);
}

async function mariadbRestarted({ faults, random }: Trial): Promise<void> {
  for (const away of [0, random.between(1_000, 5_000), AWAY]) {
    await sleep(SOME);
    await faults.killStore('mariadb', away);
  }
}

async function redisKilled({ faults }: Trial): Promise<void> {
  await sleep(SOME);
  await faults.killStore('redis', 1_000);
  await sleep(SOME);
  await faults.killStore('redis', AWAY);
  await faults.kill(await faults.victim());
}

async function sqlAlone({ faults }: Trial): Promise<void> {
  for (let deaths = 0; deaths < 3; deaths += 1) {
    await sleep(SOME);
    await faults.kill(await faults.victim());
  }
}

const base = { world: DEFAULT_WORLD, load: { fires: 200, executed: 5 }, limits: DEFAULT_LIMITS };
/** What was due while the database was away cannot be fired before it is back. */
const afterOutage = { ...DEFAULT_LIMITS, lateness: AWAY + 15_000, recovery: 10_000 };

export const STORE_SCENARIOS: readonly Scenario[] = [
  { name: 'mongodb-stopped', about: 'MongoDB killed, and back after 60 s', ...base, run: mongoStopped },
  {
    name: 'mongodb-dropped',
    about: "MongoDB's database dropped, twice; the second time a server is killed right after it",
    ...base,
    run: mongoDropped,
  },
  {
    name: 'mariadb-restarted',
    about: 'MariaDB killed under load three times, away for 0, some, and 60 s: no accepted write is lost',
    ...base,
    limits: afterOutage,
    run: mariadbRestarted,
  },
  {
    name: 'redis',
    about: 'Redis killed for 1 s and for 60 s: slower live data, nothing else',
    ...base,
    run: redisKilled,
  },
  {
    name: 'sql-alone',
    about: 'no MongoDB at all, the SQL database elects: a server killed three times',
    ...base,
    world: { ...DEFAULT_WORLD, withoutMongo: true },
    run: sqlAlone,
  },
];
