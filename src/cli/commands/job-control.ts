import type { CommandOutcome, JobLineFragment, OrrerySdk } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { writeObject } from '../output/format.js';
import { jobRow } from '../rows/job.js';

/** What the mutations that command a job take and give. */
interface JobOrderInput {
  readonly id: string;
  readonly project?: string | undefined;
  readonly reason?: string | undefined;
}

/** What came of it. */
interface JobOrdered {
  readonly job: JobLineFragment;
  readonly outcome: CommandOutcome;
}

/** One command to a job. */
export interface JobOrder {
  readonly name: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly send: (sdk: OrrerySdk, input: JobOrderInput) => Promise<JobOrdered>;
}

interface Flags extends ServerOptions {
  readonly reason?: string;
}

/** Adds why a command is given. */
export function withReason(command: Command): Command {
  return command.option('--reason <text>', 'why; kept with who and when');
}

/** Registers one command to a job: `orrery job stop` and its like. */
export function registerJobOrder(parent: Command, context: CommandContext, order: JobOrder): void {
  const command = parent.command(order.name).argument('<job>', 'key or id').description(order.description);
  withReason(withProject(withServer(command))).action(async (id: string, flags: Flags) => {
    const input = { id, project: flags.project, reason: flags.reason };
    const { job, outcome } = await withSdk(flags, context, (sdk) => order.send(sdk, input));
    const { key, status, event, nextRunAt } = jobRow(job);
    writeObject(context.terminal, flags, { key, outcome, status, event, nextRunAt }, { outcome, job });
  });
  withExamples(command, order.examples);
}
