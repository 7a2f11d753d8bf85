import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { showList } from '../followed-list.js';
import { type PagingOptions, withPaging } from '../paging.js';
import { ACTIVITY_COLUMNS, activityRow } from '../rows/activity.js';

interface Flags extends ServerOptions, PagingOptions {
  readonly action?: string;
  readonly subject?: string;
  readonly follow?: boolean;
}

/** `orrery activity` */
export function registerActivity(parent: Command, context: CommandContext): void {
  const command = parent.command('activity').description('show who did what, when and from where, the newest first');
  withPaging(withServer(command))
    .option('--action <mutation>', 'of this kind: jobRunNow')
    .option('--subject <id>', 'to the object with this id')
    .option('-f, --follow', 'go on with what is done, as it happens')
    .action(async (flags: Flags) => {
      const { action, subject } = flags;
      await withSdk(flags, context, async (sdk) => {
        const filter = { action, subject };
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
          },
        });
      });
    });
  withExamples(command, ['activity', 'activity --action jobRemove --all -o csv', 'activity --follow -o json']);
}
