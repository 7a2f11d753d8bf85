import { type JobActionInput, type JobDetailFragment, payloadOf } from '@orrery/sdk';
import { type Command, InvalidArgumentError } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { type ActionFlags, actionOf, placeHere, withAction } from '../definition/action-flags.js';
import { type PolicyFlags, policyOf, withPolicy } from '../definition/policy-flags.js';
import { type ScheduleFlags, scheduleOf, withSchedule } from '../definition/schedule-flags.js';
import { CliFailure, EXIT } from '../failure.js';
import { positive } from '../paging.js';
import { withReason } from './job-control.js';
import { showDefined } from './job-create.js';
import { findJob } from './job-show.js';

type Change = readonly [name: string, value: unknown];

interface Flags extends ServerOptions, ActionFlags, ScheduleFlags, PolicyFlags {
  readonly client?: string;
  readonly set?: readonly Change[];
  readonly unset?: readonly string[];
  readonly expectedRevision?: number;
  readonly reason?: string;
}

/** `max_level=7` as a name and its value: JSON where it is JSON, else a text. */
export function assignment(text: string): Change {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It is a name and a value: max_level=7.');
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value)];
  } catch {
    return [text.slice(0, at), value];
  }
}

/** The actions of a job with parameters set and taken out in each. */
function changedActions(
  job: Pick<JobDetailFragment, 'actions'>,
  set: readonly Change[],
  unset: readonly string[],
): JobActionInput[] {
  return job.actions.map(({ freezerAction, mandatory, maxRetries, maxRetriesInterval, timeout }) => {
    const kept = Object.entries(freezerAction).filter(([name]) => !unset.includes(name));
    const changed = { ...Object.fromEntries(kept), ...Object.fromEntries(set) };
    return { freezerAction: changed, mandatory, maxRetries, maxRetriesInterval, timeout };
  });
}

/** `orrery job update` */
export function registerJobUpdate(parent: Command, context: CommandContext): void {
  const command = parent
    .command('update')
    .argument('<job>', 'key or id')
    .description(
      'change what a job does, or when; what is not named stays. A new action takes the place of all it has',
    );
  withReason(withPolicy(withSchedule(withAction(withProject(withServer(command))))))
    .option('-c, --client <client>', 'the client that runs it')
    .option('--set <name=value>', 'set a parameter of every action; can be repeated', (text, all: Change[] = []) => [
      ...all,
      assignment(text),
    ])
    .option('--unset <name>', 'take a parameter out of every action; can be repeated', (text, all: string[] = []) => [
      ...all,
      text,
    ])
    .option('--expected-revision <number>', 'refuse when somebody else changed it meanwhile', positive)
    .action(async (id: string, flags: Flags) => {
      const { set = [], unset = [], expectedRevision } = flags;
      const action = actionOf(flags, placeHere());
      if (action && set.length + unset.length > 0) {
        const message = '--set and --unset change the actions there are: they do not go with a new one.';
        throw new CliFailure(message, EXIT.USAGE);
      }
      const change = {
        clientId: flags.client,
        schedule: scheduleOf(flags),
        ...policyOf(flags),
        ...(action ? { actions: [action] } : {}),
      };
      const changes = set.length + unset.length > 0 || Object.values(change).some((value) => value !== undefined);
      if (!changes) throw new CliFailure('There is nothing to change: name what, for example --every 12h.', EXIT.USAGE);
      const payload = await withSdk(flags, context, async (sdk) => {
        const job = set.length + unset.length > 0 ? await findJob(sdk, id, flags.project) : null;
        const input = {
          id,
          project: flags.project,
          reason: flags.reason,
          ...change,
          ...(job ? { actions: changedActions(job, set, unset) } : {}),
          // Actions made from what was read must not undo a change that came between.
          expectedRevision: expectedRevision ?? job?.revision,
        };
        return payloadOf((await sdk.jobUpdate({ input })).jobUpdate);
      });
      showDefined(context, flags, payload);
    });
  withExamples(command, [
    'job update docs --every 12h',
    'job update docs --set max_level=7 --set exclude=*.tmp --reason "less to restore"',
    'job update docs --backup ~/documents --to /mnt/backups',
    'job update docs --overlap buffer-one --stale-after 2d',
  ]);
}
