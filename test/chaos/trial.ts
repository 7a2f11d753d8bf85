import { mkdir, readdir, readFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExecutedLoad } from './executed-load.js';
import { Faults } from './faults.js';
import { createFires, type DueJob } from './fire-load.js';
import { type FoundOccurrence, type FoundRun, judge } from './ledger.js';
import type { Observer } from './observer.js';
import { Random } from './random.js';
import type { Goal, Prepared, Scenario } from './scenario.js';
import type { Place } from './stores.js';
import type { Outcome } from './verdict.js';
import { World } from './world.js';
import { Writer } from './writer.js';

/** How long after the start of the load the first instant is due, in milliseconds. */
const LEAD = 3_000;
/** How long what is due, or under way, may take to come to its end after the last harm. */
const SETTLE = 120_000;

export interface TrialOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly minutes: number;
  readonly place: Place;
  readonly directory: string;
  readonly say: (line: string) => void;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Runs one scenario from its first server to its verdict, and leaves nothing behind but its logs. */
export async function runTrial(options: TrialOptions): Promise<Outcome> {
  const { scenario, place, signal, say } = options;
  const directory = join(options.directory, scenario.name);
  await mkdir(directory, { recursive: true });
  const { product, end, ...own }: Prepared = (await scenario.prepare?.({ place, directory, say })) ?? {};
  const world = await World.open({ ...scenario.world, place, directory, ...own }, product);
  const running = new Running(options, world, directory);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('Stopped.')), { once: true });
  });
  aborted.catch(() => {});
  try {
    return await Promise.race([running.run(product), aborted]);
  } finally {
    running.end();
    await world.close();
    await end?.();
  }
}

/** A trial under way. */
class Running {
  readonly #options: TrialOptions;
  readonly #world: World;
  readonly #directory: string;
  readonly #watched: DueJob[] = [];
  readonly #figures: Record<string, string> = {};
  readonly #goals: Goal[] = [];
  #executed: ExecutedLoad | undefined;
  #writer: Writer | undefined;

  constructor(options: TrialOptions, world: World, directory: string) {
    this.#options = options;
    this.#world = world;
    this.#directory = directory;
  }

  async run(product: string | undefined): Promise<Outcome> {
    const { scenario, seed, minutes, say } = this.#options;
    const random = new Random(seed);
    const world = this.#world;
    const begun = performance.now();
    await world.startAll(product);
    say(`${world.indexes.length} servers hold every shard: ${await world.observer.spread()}`);
    await this.#load(random);
    const faults = new Faults(world, random, say);
    await scenario.run({
      world,
      faults,
      random,
      minutes,
      say,
      watch: (jobs) => this.#watched.push(...jobs),
      figure: (name, value) => {
        this.#figures[name] = value;
      },
      goal: (goal) => this.#goals.push(goal),
    });
    return this.#judge(faults, begun);
  }

  async #load(random: Random): Promise<void> {
    const { scenario, say } = this.#options;
    const { front, observer } = this.#world;
    const { fires, executed } = scenario.load;
    const from = (): number => Date.now() + LEAD;
    this.#watched.push(...(await createFires(front.url, observer.sql, random, { perSecond: fires, from: from() })));
    if (executed > 0) {
      const load = { perSecond: executed, from: from() };
      this.#executed = await ExecutedLoad.start(front.url, this.#directory, random, load);
    }
    if (!scenario.load.withoutWrites) this.#writer = new Writer(front.url);
    this.#writer?.start();
    say(`under load: ${fires} fires and ${executed} executed runs a second`);
  }

  async #judge(faults: Faults, begun: number): Promise<Outcome> {
    const { scenario, seed } = this.#options;
    const { observer, counts } = this.#world;
    const until = Date.now() + 1_000;
    await sleep(2_000);
    await this.#writer?.stop();
    const executed = this.#executed?.jobs ?? [];
    const unsettled = await this.#settle(until, executed);
    const ends = await this.#world.endAll();
    const accepted = this.#writer?.accepted ?? [];
    return {
      scenario: scenario.name,
      seed,
      seconds: Math.round((performance.now() - begun) / 1_000),
      ...judge({
        fired: this.#watched,
        executed,
        until,
        occurrences: await occurrences(observer),
        runs: await runs(observer),
        lines: (await this.#executed?.lines()) ?? [],
      }),
      incidents: faults.incidents,
      counts,
      figures: this.#figures,
      goals: this.#goals,
      accepted: {
        writes: accepted.length,
        refused: this.#writer?.refused ?? 0,
        lost: await absent(observer, accepted),
      },
      ends,
      errors: await errorsIn(this.#directory),
      unsettled,
      limits: scenario.limits,
      machine: { cores: availableParallelism(), load: loadavg()[0] ?? 0 },
    };
  }

  /** Waits for what was due until then to be fired, and for the runs of it that are executed to end. */
  async #settle(until: number, executed: readonly DueJob[]): Promise<{ fires: number; runs: number }> {
    const { observer } = this.#world;
    const ids = ['none', ...executed.map(({ id }) => id)];
    const marks = ids.map(() => '?').join(', ');
    const count = async (statement: string, values: (string | number)[]): Promise<number> =>
      Number((await observer.rows<{ found: number }>(statement, values))[0]?.found);
    const due = () =>
      count("SELECT COUNT(*) AS found FROM background_jobs WHERE kind = 'job-run' AND next_run_at <= ?", [until]);
    const open = () =>
      count(
        `SELECT COUNT(*) AS found FROM job_runs WHERE state <> 'ENDED' AND scheduled_for <= ? AND job_id IN (${marks})`,
        [until, ...ids],
      );
    await observer.until(async () => (await due()) + (await open()) === 0, SETTLE);
    return { fires: await due(), runs: await open() };
  }

  end(): void {
    this.#executed?.end();
    void this.#writer?.stop();
  }
}

async function occurrences(observer: Observer): Promise<FoundOccurrence[]> {
  return observer.rows<FoundOccurrence>(
    `SELECT subject, scheduled_for AS scheduledFor, outcome, reason, run_id AS runId, fired_at AS firedAt
      FROM occurrences WHERE kind = 'job-run'`,
  );
}

async function runs(observer: Observer): Promise<FoundRun[]> {
  return observer.rows<FoundRun>(
    'SELECT id, job_id AS jobId, scheduled_for AS scheduledFor FROM job_runs WHERE scheduled_for IS NOT NULL',
  );
}

/** Those of the jobs that were accepted and are not there. */
async function absent(observer: Observer, ids: readonly string[]): Promise<string[]> {
  const there = new Set((await observer.rows<{ id: string }>('SELECT id FROM jobs')).map(({ id }) => id));
  return ids.filter((id) => !there.has(id));
}

async function errorsIn(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => name.startsWith('engine-'));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.flatMap((text) => text.split('\n').filter((line) => line.includes('"level":"error"')));
}
