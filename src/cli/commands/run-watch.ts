import type { Command } from 'commander';
import { type CommandContext, withExamples, withSdk, withServer } from '../command.js';
import { followRun, type OutputFlags } from '../follow-run.js';
import { findRun } from './run-show.js';

/** `orrery run watch` */
export function registerRunWatch(parent: Command, context: CommandContext): void {
  const command = parent
    .command('watch')
    .argument('<run>', 'number or id')
    .description('watch a run until it has ended: its output and its state; the exit code tells the result');
  withServer(command)
    .option('--timestamps', 'show when the server got each line')
    .action(async (id: string, flags: OutputFlags) => {
      await withSdk(flags, context, async (sdk) => followRun(sdk, context, flags, await findRun(sdk, id)));
    });
  withExamples(command, ['run watch 12', 'run watch 12 -o json | jq -r .text']);
}
