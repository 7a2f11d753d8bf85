import { hostname } from 'node:os';
import {
  type JobActionInput,
  type JobCreateInput,
  type JobDetailFragment,
  type OrrerySdk,
  payloadOf,
  RefusedError,
} from '@orrery/sdk';
import type { Command } from 'commander';
import {
  type CommandContext,
  filled,
  type ServerOptions,
  withExamples,
  withProject,
  withSdk,
  withServer,
} from '../command.js';
import { type ActionFlags, actionOf, placeHere, withAction } from '../definition/action-flags.js';
import { defaultClient } from '../definition/client.js';
import { type PolicyFlags, policyOf, withPolicy } from '../definition/policy-flags.js';
import { type ScheduleFlags, scheduleOf, withSchedule } from '../definition/schedule-flags.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeObject } from '../output/format.js';
import { jobFields } from '../rows/job.js';
import { withReason } from './job-control.js';

interface Flags extends ServerOptions, ActionFlags, ScheduleFlags, PolicyFlags {
  readonly key?: string;
  readonly client?: string;
  readonly stopped?: boolean;
  readonly reason?: string;
}

/** Shows a job that was made or changed, and what the server warns of. */
export function showDefined(
  { terminal }: CommandContext,
  flags: ServerOptions,
  { job, warnings }: { readonly job: JobDetailFragment; readonly warnings: readonly string[] },
): void {
  for (const warning of warnings) terminal.err(`Warning: ${warning}\n`);
  const { key, id, status, nextRunAt, client, schedule, actions } = jobFields(job);
  writeObject(terminal, flags, { key, id, status, nextRunAt, client, schedule, actions }, job);
}

/** A job's key from what it backs up: letters, digits, "-" and "_" of it. */
export function keyFrom(name: string): string | undefined {
  const key = name.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '');
  return key === '' ? undefined : key.slice(0, 56);
}

/** What a job with this one action is called when nobody says. */
function nameOf({ freezerAction }: JobActionInput): string {
  const { action, backup_name: name } = freezerAction;
  if (action === 'exec') return 'exec';
  return action === 'restore' ? `restore-${name}` : String(name);
}

/** How many jobs may have a key made from the same name. */
const SAME_NAMES = 20;

/** Makes a job under a key made from a name: `docs`, or `docs-2` where that is taken. Throws RefusedError. */
export async function createNamed(sdk: OrrerySdk, input: JobCreateInput, name: string) {
  const key = keyFrom(name);
  for (let number = 1; ; number += 1) {
    const numbered = key && number > 1 ? `${key}-${number}` : key;
    try {
      return payloadOf((await sdk.jobCreate({ input: { ...input, key: numbered } })).jobCreate);
    } catch (error) {
      const taken = error instanceof RefusedError && error.code === 'CONFLICT' && key !== undefined;
      if (!taken || number === SAME_NAMES) throw error;
    }
  }
}

/** `orrery job create` */
export function registerJobCreate(parent: Command, context: CommandContext): void {
  const command = parent.command('create').description('make a job from flags; no JSON needed');
  withReason(withPolicy(withSchedule(withAction(withProject(withServer(command))))))
    .option(
      '--key <key>',
      'what the job is called (default: made from the name of the backup; of a command: exec)',
      filled,
    )
    .option('-c, --client <client>', "the client that runs it (default: this host's, or the only one)")
    .option('--stopped', 'do not put it under its schedule yet')
    .action(async (flags: Flags) => {
      const action = actionOf(flags, placeHere());
      if (!action)
        throw new CliFailure('Say what it does: --backup PATH, --restore NAME or --exec COMMAND.', EXIT.USAGE);
      const payload = await withSdk(flags, context, async (sdk) => {
        const input = {
          clientId: flags.client ?? (await defaultClient(sdk, hostname(), flags.project)),
          actions: [action],
          schedule: scheduleOf(flags),
          start: !flags.stopped,
          project: flags.project,
          reason: flags.reason,
          ...policyOf(flags),
        };
        if (flags.key === undefined) return createNamed(sdk, input, nameOf(action));
        return payloadOf((await sdk.jobCreate({ input: { ...input, key: flags.key } })).jobCreate);
      });
      showDefined(context, flags, payload);
    });
  withExamples(command, [
    'job create --backup ~/docs --every 1d',
    'job create --backup /srv/www --cron "25 3 * * mon-fri" --timezone Europe/Berlin --max-level 6 --to /mnt/backups',
    'job create --restore docs --to /tmp/docs --once',
    'job create --exec "df -h" --every 1h --client web1 --key disk-space',
  ]);
}
