import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, withExamples, withProject, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { followRun, type OutputFlags } from '../follow-run.js';
import { writeObject } from '../output/format.js';
import { withReason } from './job-control.js';
import { assignment } from './job-update.js';

interface Flags extends OutputFlags {
  readonly follow?: boolean;
  readonly override?: readonly (readonly [string, unknown])[];
  readonly reason?: string;
}

/** Adds following to a command that makes a run. */
export function withFollow(command: Command): Command {
  return command
    .option('-f, --follow', 'show its output live; the exit code tells the result: 0 for SUCCESS, else 1')
    .option('--timestamps', 'with --follow: when the server got each line');
}

/** `orrery job run` */
export function registerJobRun(parent: Command, context: CommandContext): void {
  const command = parent
    .command('run')
    .argument('<job>', 'key or id')
    .description('run a job once, now; its schedule stays as it is');
  withFollow(withReason(withProject(withServer(command))))
    .option(
      '--override <name=value>',
      'a parameter of every action, for this run only; can be repeated',
      (text, all: (readonly [string, unknown])[] = []) => [...all, assignment(text)],
    )
    .action(async (id: string, flags: Flags) => {
      const overrides = flags.override && Object.fromEntries(flags.override);
      await withSdk(flags, context, async (sdk) => {
        const input = { id, project: flags.project, reason: flags.reason, overrides };
        const payload = payloadOf((await sdk.jobRunNow({ input })).jobRunNow);
        const { job, outcome, run } = payload;
        if (!run) {
          const message = `No run was made: one of ${job.key} is under way. See it: orrery run list --job ${job.key}`;
          throw new CliFailure(message, EXIT.REFUSED);
        }
        if (flags.follow) await followRun(sdk, context, flags, run);
        else {
          const { number, state, clientKey: client, clientState } = run;
          writeObject(
            context.terminal,
            flags,
            { job: job.key, run: number, outcome, state, client, clientState },
            payload,
          );
        }
      });
    });
  withExamples(command, ['job run docs', 'job run docs --follow', 'job run docs -f --override no_incremental=true']);
}
