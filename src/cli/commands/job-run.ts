import { type JobRunNowMutation, type PayloadOf, payloadOf, type RunLineFragment } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, withExamples, withProject, withSdk, withServer } from '../command.js';
import { type Assignment, assignment } from '../definition/action-change.js';
import { CliFailure, EXIT } from '../failure.js';
import { followRun, type OutputFlags, waitText } from '../follow-run.js';
import { writeObject } from '../output/format.js';
import { withReason } from './job-control.js';

type OrderedJob = PayloadOf<JobRunNowMutation['jobRunNow']>['job'];

interface Flags extends OutputFlags {
  readonly follow?: boolean;
  readonly override?: readonly Assignment[];
  readonly reason?: string;
}

/** Adds following to a command that makes a run. */
export function withFollow(command: Command): Command {
  return command
    .option('-f, --follow', 'show its output live; the exit code tells the result: 0 for SUCCESS, else 1')
    .option('--timestamps', 'with --follow: when the server got each line');
}

/** An open run, and what it does: `run 12 of docs waits for the client web1 (offline)`. */
function openText(run: RunLineFragment, flags: Flags): string {
  return `run ${run.number} of ${run.name} ${waitText(run, { state: run.state, nextAttemptAt: null }, flags) ?? 'is under way'}`;
}

/** Why there is no new run. */
function inTheWay({ key, currentRun, waitingRun }: OrderedJob, flags: Flags): string {
  const open = waitingRun ?? currentRun;
  if (!open) return `No run was made: one of ${key} was open a moment ago. Try again.`;
  const ways = `Watch it: orrery run watch ${open.number}   End it: orrery job abort ${key}`;
  return `No run was made: ${openText(open, flags)}, and a second one may not begin beside it. ${ways}`;
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
      (text, all: Assignment[] = []) => [...all, assignment(text)],
    )
    .action(async (id: string, flags: Flags) => {
      const overrides = flags.override && Object.fromEntries(flags.override);
      await withSdk(flags, context, async (sdk) => {
        const input = { id, project: flags.project, reason: flags.reason, overrides };
        const payload = payloadOf((await sdk.jobRunNow({ input })).jobRunNow);
        const { job, outcome, run, warnings } = payload;
        for (const warning of warnings) context.terminal.err(`Warning: ${warning}\n`);
        if (!run) throw new CliFailure(inTheWay(job, flags), EXIT.REFUSED);
        if (outcome === 'ALREADY_REQUESTED') {
          context.terminal.err(`No new run was made: ${openText(run, flags)} already, and counts for this one.\n`);
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
