import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { showList } from '../followed-list.js';
import { past } from '../instant-option.js';
import { type PagingOptions, withPaging } from '../paging.js';
import { ACTIVITY_COLUMNS, activityRow } from '../rows/activity.js';

interface Flags extends ServerOptions, PagingOptions {
  readonly action?: string;
  readonly subject?: string;
  readonly follow?: boolean;
  readonly outcome?: string;
  readonly since?: string;
  readonly until?: string;
}

/** `orrery activity` */
export function registerActivity(parent: Command, context: CommandContext): void {
  const command = parent.command('activity').description('show who did what, when and from where, the newest first');
  withPaging(withServer(command))
    .option('--action <mutation>', 'of this kind: jobRunNow')
    .option('--subject <id>', 'to the object with this id')
    .option('-f, --follow', 'go on with what is done, as it happens')
    .option('--outcome <code>', 'that ended so: OK, FORBIDDEN, CONFLICT')
    .option('--since <date>', 'given after: a date, or how long ago', past)
    .option('--until <date>', 'given before: a date, or how long ago', past)
    .action(async (flags: Flags) => {
      const { action, subject, outcome, since: doneAfter, until: doneBefore } = flags;
      await withSdk(flags, context, async (sdk) => {
        const filter = { action, subject, outcome, doneAfter, doneBefore };
        await showList(context, flags, sdk, {
          columns: ACTIVITY_COLUMNS,
          row: activityRow,
          newestFirst: true,
          page: async (page) => (await sdk.activity({ filter, ...page })).activity,
          async *changes(after) {
            const live = {
              actions: action === undefined ? undefined : [action],
              subjects: subject === undefined ? undefined : [subject],
            };
            for await (const { activityRecorded } of sdk.activityRecorded({ filter: live, after })) {
              if (activityRecorded.activity) yield [activityRow(activityRecorded.activity)];
            }
              outcomes: outcome === undefined ? undefined : [outcome],
          },
        });
      });
    });
  withExamples(command, [
    'activity',
    'activity --action jobRemove --since 7d --all -o csv',
    'activity --outcome FORBIDDEN --follow -o json',
  ]);
}
