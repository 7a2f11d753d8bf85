import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeObject } from '../output/format.js';
import { historyRow } from '../rows/task.js';

/** `orrery task show` */
export function registerTaskShow(parent: Command, context: CommandContext): void {
  const command = parent
    .command('show')
    .argument('<task>', 'number or id of an attempt, as "orrery tasks-history" shows it')
    .description('show one attempt of a task on a node, with its summary');
  withServer(command).action(async (id: string, flags: ServerOptions) => {
    const { task } = await withSdk(flags, context, (sdk) => sdk.task({ id }));
    if (!task) throw new CliFailure(`There is no task "${id}": see "orrery tasks-history".`, EXIT.REFUSED);
    const { announced, custom } = task;
    const fields = { ...historyRow(task), announced, custom: custom && JSON.stringify(custom) };
    writeObject(context.terminal, flags, fields, task);
  });
  withExamples(command, ['task show 34', 'task show 34 -o json | jq .summary']);
}
