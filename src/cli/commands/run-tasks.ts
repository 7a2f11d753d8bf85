import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
import { TASK_COLUMNS, taskRow } from '../rows/run.js';

interface Flags extends ServerOptions, PagingOptions {}

/** `orrery run tasks` */
export function registerRunTasks(parent: Command, context: CommandContext): void {
  const command = parent
    .command('tasks')
    .argument('<run>', 'number or id')
    .description('list the attempts of a run, in the order they were made');
  withPaging(withServer(command)).action(async (id: string, flags: Flags) => {
    const tasks = await withSdk(flags, context, (sdk) =>
      collect(context, flags, async (page) => {
        const { run } = await sdk.runTasks({ id, ...page });
        if (!run) throw new CliFailure(`There is no run "${id}": see "orrery run list".`, EXIT.REFUSED);
        return run.tasks;
      }),
    );
    writeRows(context.terminal, flags, tasks.map(taskRow), TASK_COLUMNS);
  });
  withExamples(command, ['run tasks 12', 'run tasks 12 -o csv']);
}
