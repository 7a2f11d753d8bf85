import type { CronScheduleInput, ScheduleInput } from '@orrery/sdk';
import { type Command, Option } from 'commander';
import { CliFailure, EXIT } from '../failure.js';
import { dateText, future } from '../instant-option.js';
import { cronFields } from './crontab.js';

/** When a job is due, as the command line says it. */
export interface ScheduleFlags {
  readonly every?: string;
  readonly cron?: CronScheduleInput;
  readonly at?: string;
  readonly once?: boolean;
  readonly timezone?: string;
  readonly starting?: string;
  readonly ending?: string;
}

/** Adds the options that say when a job is due. */
export function withSchedule(command: Command): Command {
  return command
    .addOption(
      new Option('--every <length>', 'again and again: 1d, 12h, 2h30m, "3 weeks", continuous').conflicts([
        'cron',
        'at',
      ]),
    )
    .addOption(
      new Option('--cron <fields>', 'a crontab ("25 3 * * mon-fri") or named fields ("hour=3 minute=25 day=last")')
        .argParser(cronFields)
        .conflicts(['every', 'at']),
    )
    .addOption(
      new Option('--at <date>', 'once, at a date or after a length of time: 2026-12-01T03:00, 2h')
        .argParser(dateText)
        .conflicts(['every', 'cron']),
    )
    .addOption(new Option('--once', 'once, when it is started (the default)').conflicts(['every', 'cron', 'at']))
    .option(
      '--timezone <name>',
      'the zone whose clock the schedule and its dates follow: Europe/Berlin (default: UTC, dates as here)',
    )
    .option('--starting <date>', 'with --every or --cron: nothing is due before', dateText)
    .option('--ending <date>', 'with --every or --cron: nothing is due after', dateText);
}

/** A date for the server, which reads it in the zone said; without one it means what the clock shows here. */
function dateFor(timezone: string | undefined, text: string | undefined): string | undefined {
  return text === undefined || timezone !== undefined ? text : future(text);
}

/** Throws CliFailure where a flag would mean nothing. */
function checkUse({ every, cron, at, once, timezone, starting, ending }: ScheduleFlags): void {
  const repeats = every !== undefined || cron !== undefined;
  if (!repeats && (starting ?? ending) !== undefined) {
    throw new CliFailure('--starting and --ending go with --every or --cron.', EXIT.USAGE);
  }
  if (!repeats && at === undefined && !once && timezone !== undefined) {
    throw new CliFailure('--timezone goes with --every, --cron, --at or --once.', EXIT.USAGE);
  }
}

/** The schedule that the flags say; undefined when they say none. Throws CliFailure where a flag would mean nothing. */
export function scheduleOf(flags: ScheduleFlags): ScheduleInput | undefined {
  checkUse(flags);
  const { timezone } = flags;
  const [start, end] = [dateFor(timezone, flags.starting), dateFor(timezone, flags.ending)];
  if (flags.every !== undefined) return { interval: { every: flags.every, timezone, start, end } };
  if (flags.cron !== undefined) return { cron: { ...flags.cron, timezone, start, end } };
  const at = dateFor(timezone, flags.at);
  if (at !== undefined) return { date: { at, timezone } };
  return flags.once ? { none: { timezone } } : undefined;
}
