// Chaos: real servers on real stores under load, harmed by a seeded plan, and judged from outside.
//   npm run chaos -- --help
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setup } from '../kit/build.js';
import { type Asked, HELP, readArguments } from './arguments.js';
import { asJson, asTally, checkLines, table } from './report.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/all.js';
import { Stores } from './stores.js';
import { runTrial } from './trial.js';
import { checksOf, type Outcome } from './verdict.js';

const begun = performance.now();

function say(line: string): void {
  console.log(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
}

/** Ctrl-C stops the trial and ends what it started; a second one does not wait for that. */
function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    say('stopping: everything that was started is ended (again to stop at once)');
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}

interface Result {
  readonly outcomes: Outcome[];
  /** Why trials came to no outcome. */
  readonly faults: string[];
}

const wordsOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Runs the scenarios one after the other; one that comes to nothing does not keep the others from running. */
async function runAll(asked: Asked, directory: string, signal: AbortSignal): Promise<Result> {
  const result: Result = { outcomes: [], faults: [] };
  say('starting the stores');
  const stores = await Stores.start();
  try {
    for (const scenario of asked.scenarios) {
      if (signal.aborted) break;
      say(`-- ${scenario.name}, seed ${asked.seed}: ${scenario.about}`);
      try {
        const outcome = await trialOf(scenario, asked, stores, directory, signal);
        console.log(checkLines(outcome));
        result.outcomes.push(outcome);
      } catch (error) {
        console.error(wordsOf(error));
        result.faults.push(`${scenario.name}: ${wordsOf(error)}`);
      }
    }
  } finally {
    await stores.end();
  }
  return result;
}

async function trialOf(
  scenario: Scenario,
  { seed, minutes }: Asked,
  stores: Stores,
  directory: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const place = await stores.place();
  return runTrial({ scenario, seed, minutes, place, directory, say, signal });
}

async function run(asked: Asked): Promise<void> {
  setup();
  const signal = onInterrupt();
  const directory = await mkdtemp(join(tmpdir(), 'orrery-chaos-'));
  const { outcomes, faults } = await runAll(asked, directory, signal).catch((error) => {
    console.error(wordsOf(error));
    return { outcomes: [], faults: [wordsOf(error)] };
  });
  const checks = outcomes.flatMap(checksOf);
  const broken = checks.filter(({ ok }) => !ok).length + faults.length;
  if (outcomes.length > 0) console.log(`\n${table(outcomes)}\n`);
  if (asked.json !== null) await writeFile(asked.json, asJson(outcomes));
  if (asked.tally !== null) await writeFile(asked.tally, asTally(outcomes, faults));
  if (broken > 0) console.log(`Logs: ${directory}; again: --seed ${asked.seed}`);
  else await rm(directory, { recursive: true, force: true });
  console.log(`${checks.filter(({ ok }) => ok).length} checks held, ${broken} did not`);
  process.exitCode = broken > 0 ? 1 : 0;
}

const asked = readArguments(process.argv.slice(2), SCENARIOS);
if (asked.mode === 'help') console.log(HELP);
else if (asked.mode === 'list') for (const { name, about } of SCENARIOS) console.log(`${name.padEnd(20)} ${about}`);
else {
  await run(asked);
  process.exit();
}
