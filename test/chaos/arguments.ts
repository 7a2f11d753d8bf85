import { parseArgs } from 'node:util';
import type { Scenario } from './scenario.js';

/** What the command line asks for. */
export interface Asked {
  readonly mode: 'run' | 'list' | 'help';
  readonly scenarios: readonly Scenario[];
  readonly seed: number;
  readonly minutes: number;
  /** Where the figures go, as JSON; null = nowhere. */
  readonly json: string | null;
  /** Where the counts of checks go, in the form of vitest's reports. */
  readonly tally: string | null;
}

export const HELP = `Kills, freezes, cuts and restarts three servers and their stores under load, and compares what was fired
and executed with the schedules. Needs Linux; installs MariaDB, Redis and SecantusDB as scripts/services.sh does.

  npm run chaos -- [--minutes 3] [--seed N]      a storm: every kind of harm, in an order by the seed
  npm run chaos -- --scenario NAME[,NAME...]     named scenarios (see --list), or "all" of the figures
  npm run chaos -- --short                       what CI runs: the scenario "short" with a fixed seed
  npm run chaos -- --galera                      three MariaDB nodes with Galera, one of them killed

  --seed N       the same seed does the same harm (default: by chance, and printed)
  --minutes N    how long a storm lasts (default 3)
  --json FILE    writes all figures
  --tally FILE   writes the counts of checks and what failed as .ci/run counts them
  --list         says what scenarios there are

Ends with the counts of checks that held and that did not, and with exit code 1 where one did not.
Logs stay in the directory that is printed when a check is broken. Ctrl-C ends everything that was started.
`;

/** The seed of CI. */
const FIXED_SEED = 20_261_121;

const OPTIONS = {
  scenario: { type: 'string' },
  seed: { type: 'string' },
  minutes: { type: 'string' },
  json: { type: 'string' },
  tally: { type: 'string' },
  short: { type: 'boolean' },
  galera: { type: 'boolean' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function numeric(text: string | undefined, name: string, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} needs a number, not "${text}".`);
  return value;
}

function chosen(names: string, all: readonly Scenario[]): Scenario[] {
  const alone = ['storm', 'short', 'galera'];
  if (names === 'all') return all.filter(({ name }) => !alone.includes(name));
  return names.split(',').map((name) => {
    const found = all.find((scenario) => scenario.name === name);
    if (!found) throw new Error(`No scenario is called "${name}": see --list.`);
    return found;
  });
}

/** Reads the command line. Throws an Error that says what is wrong with it. */
export function readArguments(words: readonly string[], all: readonly Scenario[]): Asked {
  const { values } = parseArgs({ args: [...words], options: OPTIONS, strict: true });
  const short = values.short ? 'short' : 'storm';
  const names = values.galera ? 'galera' : (values.scenario ?? short);
  const mode = values.help ? 'help' : values.list ? 'list' : 'run';
  return {
    mode,
    scenarios: mode === 'run' ? chosen(names, all) : all,
    seed: numeric(values.seed, 'seed', values.short ? FIXED_SEED : Date.now() % 1_000_000),
    minutes: numeric(values.minutes, 'minutes', 3),
    json: values.json ?? null,
    tally: values.tally ?? null,
  };
}
