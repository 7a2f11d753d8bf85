import type { OrrerySdk, RunQuery } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeObject, writeRows } from '../output/format.js';
import { runRow, TASK_COLUMNS, taskRow } from '../rows/run.js';

type Run = NonNullable<RunQuery['run']>;

/** A run by its number or id. Throws CliFailure when there is none that the caller may see. */
export async function findRun(sdk: OrrerySdk, id: string): Promise<Run> {
  const { run } = await sdk.run({ id });
  if (run) return run;
  throw new CliFailure(`There is no run "${id}": see "orrery run list".`, EXIT.REFUSED);
}

/** `orrery run show` */
export function registerRunShow(parent: Command, context: CommandContext): void {
  const command = parent.command('show').argument('<run>', 'number or id').description('show one run and its tasks');
  withServer(command).action(async (id: string, flags: ServerOptions) => {
    const run = await withSdk(flags, context, (sdk) => findRun(sdk, id));
    writeObject(context.terminal, flags, runRow(run), run);
    if (flags.output !== 'table' || run.tasks.nodes.length === 0) return;
    context.terminal.out('\n');
    writeRows(context.terminal, flags, run.tasks.nodes.map(taskRow), TASK_COLUMNS);
  });
  withExamples(command, ['run show 12', 'run show 12 -o json']);
}
