import type { CronScheduleInput, ScheduleInput } from '@orrery/sdk';
import { type Command, Option } from 'commander';
import { future } from '../instant-option.js';
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
        .argParser(future)
        .conflicts(['every', 'cron']),
    )
    .addOption(new Option('--once', 'once, when it is started (the default)').conflicts(['every', 'cron', 'at']))
    .option('--timezone <name>', 'the zone whose wall clock the schedule follows: Europe/Berlin (default: UTC)')
    .option('--starting <date>', 'with --every or --cron: nothing is due before', future)
    .option('--ending <date>', 'with --every or --cron: nothing is due after', future);
}

/** The schedule that the flags say; undefined when they say none. */
export function scheduleOf(flags: ScheduleFlags): ScheduleInput | undefined {
  const { timezone, starting: start, ending: end } = flags;
  if (flags.every !== undefined) return { interval: { every: flags.every, timezone, start, end } };
  if (flags.cron !== undefined) return { cron: { ...flags.cron, timezone, start, end } };
  if (flags.at !== undefined) return { date: { at: flags.at, timezone } };
  return flags.once ? { none: { timezone } } : undefined;
}
