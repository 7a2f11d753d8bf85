import { type Command, Option } from 'commander';
import { type CommandContext, filled, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { showList } from '../followed-list.js';
import { past } from '../instant-option.js';
import { type PagingOptions, withPaging } from '../paging.js';
import { ACTIVITY_COLUMNS, activityRow } from '../rows/activity.js';
import { withNames } from '../subject-names.js';
import { findJob } from './job-show.js';

interface Flags extends ServerOptions, PagingOptions {
  readonly action?: string;
  readonly subject?: string;
  readonly job?: string;
  readonly outcome?: string;
  readonly since?: string;
  readonly until?: string;
  readonly follow?: boolean;
}

/** `orrery activity` */
export function registerActivity(parent: Command, context: CommandContext): void {
  const command = parent.command('activity').description('show who did what, when and from where, the newest first');
  withPaging(withServer(command))
    .option('--action <mutation>', 'of this kind: jobRunNow')
    .addOption(new Option('--subject <id>', 'to the object with this id').argParser(filled).conflicts('job'))
    .option('-j, --job <job>', 'to this job: key or id', filled)
    .option('--outcome <code>', 'that ended so: OK, FORBIDDEN, CONFLICT')
    .option('--since <date>', 'given after: a date, or how long ago', past)
    .option('--until <date>', 'given before: a date, or how long ago', past)
    .option('-f, --follow', 'go on with what is done, as it happens')
    .action(async (flags: Flags) => {
      const { action, job, outcome, since: doneAfter, until: doneBefore } = flags;
      await withSdk(flags, context, async (sdk) => {
        const subject = job === undefined ? flags.subject : (await findJob(sdk, job, undefined)).id;
        const filter = { action, subject, outcome, doneAfter, doneBefore };
        await showList(context, flags, sdk, {
          columns: ACTIVITY_COLUMNS,
          row: activityRow,
          newestFirst: true,
          page: async (page) => {
            const { activity } = await sdk.activity({ filter, ...page });
            return { ...activity, nodes: await withNames(sdk, activity.nodes) };
          },
          async *changes(after) {
            const live = {
              actions: action === undefined ? undefined : [action],
              subjects: subject === undefined ? undefined : [subject],
              outcomes: outcome === undefined ? undefined : [outcome],
            };
            for await (const { activityRecorded } of sdk.activityRecorded({ filter: live, after })) {
              const { activity } = activityRecorded;
              if (activity) yield (await withNames(sdk, [activity])).map(activityRow);
            }
          },
        });
      });
    });
  withExamples(command, [
    'activity',
    'activity --action jobRemove --since 7d --all -o csv',
    'activity --job docs',
    'activity --outcome FORBIDDEN --follow -o json',
  ]);
}
