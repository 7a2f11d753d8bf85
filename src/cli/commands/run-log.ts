import type { Command } from 'commander';
import { type CommandContext, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { followRun, type OutputFlags, outputWriter } from '../follow-run.js';
import { findRun } from './run-show.js';

interface Flags extends OutputFlags {
  readonly follow?: boolean;
}

/** Pieces of output fetched at once: each has at most 32 KiB. */
const PIECES = 100;

/** `orrery run log` */
export function registerRunLog(parent: Command, context: CommandContext): void {
  const command = parent.command('log').argument('<run>', 'number or id').description('show what a run wrote');
  withServer(command)
    .option('-f, --follow', 'go on until the run has ended; the exit code tells the result')
    .option('--timestamps', 'show when the server got each line')
    .action(async (id: string, flags: Flags) => {
      await withSdk(flags, context, async (sdk) => {
        if (flags.follow) {
          await followRun(sdk, context, flags, await findRun(sdk, id));
          return;
        }
        const write = outputWriter(context, flags);
        let after: string | null = null;
        do {
          const { run } = await sdk.runOutput({ id, first: PIECES, after });
          if (!run) throw new CliFailure(`There is no run "${id}": see "orrery run list".`, EXIT.REFUSED);
          for (const piece of run.output.nodes) write(piece);
          after = run.output.pageInfo.hasNextPage ? run.output.pageInfo.endCursor : null;
        } while (after !== null);
      });
    });
  withExamples(command, ['run log 12', 'run log 12 --follow', 'run log 12 --timestamps > run-12.log']);
}
