import { percentile } from './ledger.js';
import { type Check, checksOf, type Outcome, worst } from './verdict.js';

const seconds = (milliseconds: number | null | undefined): string => {
  if (milliseconds === undefined) return '-';
  return milliseconds === null ? 'never' : `${(milliseconds / 1_000).toFixed(2)}`;
};

const HEAD = [
  'scenario',
  'due',
  'missed',
  'doubled',
  'early',
  'p50 s',
  'p99 s',
  'worst s',
  'harms',
  'takeover s',
  'recovery s',
  'refused',
  'lines',
  'missed',
  'doubled',
  'worst s',
  'writes',
  'lost',
  'load',
  'verdict',
];

function row(outcome: Outcome): string[] {
  const { fires, lines, incidents, counts, accepted } = outcome;
  const failed = checksOf(outcome).filter(({ ok }) => !ok).length;
  const cells = [
    outcome.scenario,
    ...[fires.due, fires.missed, fires.doubled, fires.early],
    ...[0.5, 0.99, 1].map((part) => seconds(percentile(fires.lateness, part))),
    incidents.length,
    seconds(worst(incidents.map(({ takeover }) => takeover))),
    seconds(worst(incidents.map(({ recovery }) => recovery))),
    counts.fencesRefused + incidents.reduce((sum, { refused = 0 }) => sum + refused, 0),
    ...[lines.due, lines.missed, lines.doubled, seconds(percentile(lines.lateness, 1))],
    ...[accepted.writes, accepted.lost.length],
    outcome.machine.load.toFixed(1),
    failed === 0 ? 'held' : `${failed} BROKEN`,
  ];
  return cells.map(String);
}

/** The figures of the scenarios as a table. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = [HEAD, ...outcomes.map(row)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(HEAD), rule, ...outcomes.map((outcome) => line(row(outcome)))].join('\n');
}

/** What had to hold in a scenario, line by line. */
export function checkLines(outcome: Outcome): string {
  const shown = ({ ok, what, detail }: Check): string =>
    `  ${ok ? 'held' : 'BROKEN'}: ${what}${detail === '' ? '' : ` (${detail})`}`;
  const figures = Object.entries(outcome.figures).map(([name, value]) => `  ${name}: ${value}`);
  return [...checksOf(outcome).map(shown), ...figures].join('\n');
}

/** All outcomes for programs: the lateness of each fire is summed up. */
export function asJson(outcomes: readonly Outcome[]): string {
  const short = outcomes.map((outcome) => {
    const sums = (lateness: readonly number[]) => ({
      p50: percentile(lateness, 0.5),
      p99: percentile(lateness, 0.99),
      worst: percentile(lateness, 1),
    });
    const { fires, lines, ...rest } = outcome;
    return {
      ...rest,
      fires: { ...fires, lateness: sums(fires.lateness) },
      lines: { ...lines, lateness: sums(lines.lateness) },
      checks: checksOf(outcome),
    };
  });
  return `${JSON.stringify(short, null, 2)}\n`;
}

/** The checks in the form of scripts/tally-reporter.mjs, so that they can be added up with those of the tests. */
export function asTally(outcomes: readonly Outcome[], faults: readonly string[]): string {
  const checks = outcomes.flatMap((outcome) => checksOf(outcome).map((check) => ({ ...check, of: outcome.scenario })));
  const broken = checks.filter(({ ok }) => !ok);
  return JSON.stringify({
    passed: checks.length - broken.length,
    failed: broken.length + faults.length,
    skipped: 0,
    failures: [...broken.map(({ of, what, detail }) => `chaos ${of}: ${what}: ${detail}`), ...faults],
  });
}
