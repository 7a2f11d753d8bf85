import type { Faults } from './faults.js';
import type { DueJob } from './fire-load.js';
import type { Random } from './random.js';
import type { Place } from './stores.js';
import type { World, WorldOptions } from './world.js';

/** Something that was measured, with the limit it is to keep within. */
export interface Goal {
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
  readonly unit: string;
}

/** What a scenario works with while its load runs. */
export interface Trial {
  readonly world: World;
  readonly faults: Faults;
  readonly random: Random;
  /** How long it may go on, where its length is not fixed by what it does. */
  readonly minutes: number;
  /** Puts further jobs under the verdict. */
  watch(jobs: readonly DueJob[]): void;
  /** Adds a figure to the report. */
  figure(name: string, value: string): void;
  /** Adds something measured that is to be within a limit. */
  goal(goal: Goal): void;
  say(line: string): void;
}

/** What the verdict demands besides "each due instant exactly once, none early". */
export interface Limits {
  /** The worst lateness of a fire, milliseconds. */
  readonly lateness: number;
  /** Until a dead or frozen server's shards have other owners. */
  readonly takeover: number;
  /** Until nothing is overdue, from the end of a trouble on. */
  readonly recovery: number;
}

interface Preparation {
  /** Where stores are; an empty database. */
  readonly place: Place;
  /** For files of the scenario. */
  readonly directory: string;
  say(line: string): void;
}

/** What a scenario has instead of what all have. */
export interface Prepared {
  readonly place?: Place;
  /** The build that the servers are started from at first: the directory that holds its `dist`. */
  readonly product?: string;
  readonly databaseUrl?: (index: number) => string;
  end?(): Promise<void>;
}

/** Fires and executed runs a second. */
interface Load {
  readonly fires: number;
  readonly executed: number;
  /** Nobody creates jobs all the time. */
  readonly withoutWrites?: boolean;
}

/** One way to do harm, with the load under which it is done. */
export interface Scenario {
  readonly name: string;
  /** One line for `--list`: what is done, and what must hold. */
  readonly about: string;
  readonly world: Omit<WorldOptions, 'place' | 'directory' | 'databaseUrl'>;
  readonly load: Load;
  readonly limits: Limits;
  /** What it needs besides the stores and this build. */
  prepare?(given: Preparation): Promise<Prepared>;
  run(trial: Trial): Promise<void>;
}

/** At the default settings: a lease of 15 s. */
export const DEFAULT_WORLD = { engines: 3, shardLease: '15s' } as const;
export const DEFAULT_LIMITS: Limits = { lateness: 20_000, takeover: 20_000, recovery: 20_000 };
