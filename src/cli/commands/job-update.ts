import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import {
  type ActionChangeFlags,
  changedActions,
  changesActions,
  withActionChange,
} from '../definition/action-change.js';
import { type ActionFlags, actionOf, placeHere, withAction } from '../definition/action-flags.js';
import { type PolicyFlags, policyOf, withPolicy } from '../definition/policy-flags.js';
import { type ScheduleFlags, scheduleOf, withSchedule } from '../definition/schedule-flags.js';
import { CliFailure, EXIT } from '../failure.js';
import { positive } from '../paging.js';
import { withReason } from './job-control.js';
import { showDefined } from './job-create.js';
import { findJob } from './job-show.js';

interface Flags extends ServerOptions, ActionFlags, ActionChangeFlags, ScheduleFlags, PolicyFlags {
  readonly client?: string;
  readonly expectedRevision?: number;
  readonly reason?: string;
}

/** `orrery job update` */
export function registerJobUpdate(parent: Command, context: CommandContext): void {
  const command = parent
    .command('update')
    .argument('<job>', 'key or id')
    .description(
      'change what a job does, or when; what is not named stays. A new action takes the place of all it has',
    );
  withReason(withPolicy(withSchedule(withActionChange(withAction(withProject(withServer(command)))))))
    .option('-c, --client <client>', 'the client that runs it')
    .option('--expected-revision <number>', 'refuse when somebody else changed it meanwhile', positive)
    .action(async (id: string, flags: Flags) => {
      const { expectedRevision } = flags;
      const action = actionOf(flags, placeHere(), 'CHANGE');
      const changesOwn = changesActions(flags, action !== null);
      const change = {
        clientId: flags.client,
        schedule: scheduleOf(flags),
        ...policyOf(flags),
        ...(action ? { actions: [action] } : {}),
      };
      const changes = changesOwn || Object.values(change).some((value) => value !== undefined);
      if (!changes) throw new CliFailure('There is nothing to change: name what, for example --every 12h.', EXIT.USAGE);
      const payload = await withSdk(flags, context, async (sdk) => {
        const job = changesOwn ? await findJob(sdk, id, flags.project) : null;
        const input = {
          id,
          project: flags.project,
          reason: flags.reason,
          ...change,
          ...(job ? { actions: changedActions(job, flags) } : {}),
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
    'job update docs --retries 3 --timeout 2h --overlap buffer-one --stale-after 2d',
  ]);
}
