import type { Faults } from './faults.js';
import type { DueJob } from './fire-load.js';
import type { Random } from './random.js';
import type { World, WorldOptions } from './world.js';

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

/** One way to do harm, with the load under which it is done. */
export interface Scenario {
  readonly name: string;
  /** One line for `--list`: what is done, and what must hold. */
  readonly about: string;
  readonly world: Omit<WorldOptions, 'place' | 'directory'>;
  readonly load: { readonly fires: number; readonly executed: number };
  readonly limits: Limits;
  /** The build that the servers are started from, where it is not this one; may take its time. */
  readonly product?: (say: (line: string) => void) => Promise<string>;
  run(trial: Trial): Promise<void>;
}

/** At the default settings: a lease of 15 s. */
export const DEFAULT_WORLD = { engines: 3, shardLease: '15s' } as const;
export const DEFAULT_LIMITS: Limits = { lateness: 20_000, takeover: 20_000, recovery: 20_000 };
