import { type JobDetailFragment, OrreryError, type OrrerySdk } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeObject } from '../output/format.js';
import { jobFields } from '../rows/job.js';

/** A job by its key or id. Throws CliFailure when there is none that the caller may see. */
export async function findJob(sdk: OrrerySdk, id: string, project: string | undefined): Promise<JobDetailFragment> {
  const { job } = await sdk.job({ id, project });
  if (job) return job;
  throw new CliFailure(`There is no job "${id}": see "orrery job list".`, EXIT.REFUSED);
}

/** Throws CliFailure unless there is a job of each of these keys or ids, for a list that would leave a wrong one out. */
export async function requireJobs(sdk: OrrerySdk, names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      await findJob(sdk, name, undefined);
    } catch (error) {
      // Several projects have one: there is.
      if (!(error instanceof OrreryError) || error.code !== 'CONFLICT') throw error;
    }
  }
}

/** `orrery job show` */
export function registerJobShow(parent: Command, context: CommandContext): void {
  const command = parent
    .command('show')
    .argument('<job>', 'key or id')
    .description('show one job: its plan, its state');
  withProject(withServer(command)).action(async (id: string, flags: ServerOptions) => {
    const job = await withSdk(flags, context, (sdk) => findJob(sdk, id, flags.project));
    writeObject(context.terminal, flags, jobFields(job), job);
  });
  withExamples(command, ['job show docs', 'job show docs -o json']);
}
