import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
import { REVISION_COLUMNS, revisionRow } from '../rows/due.js';

interface Flags extends ServerOptions, PagingOptions {}

/** `orrery job revisions` */
export function registerJobRevisions(parent: Command, context: CommandContext): void {
  const command = parent
    .command('revisions')
    .argument('<job>', 'key or id')
    .description('show who changed what of a job, when and why, the newest first');
  withProject(withPaging(withServer(command))).action(async (id: string, flags: Flags) => {
    const revisions = await withSdk(flags, context, (sdk) =>
      collect(context, flags, async (page) => {
        const { job } = await sdk.jobRevisions({ id, project: flags.project, ...page });
        if (!job) throw new CliFailure(`There is no job "${id}": see "orrery job list".`, EXIT.REFUSED);
        return job.revisions;
      }),
    );
    writeRows(context.terminal, flags, revisions.map(revisionRow), REVISION_COLUMNS);
  });
  withExamples(command, ['job revisions docs', 'job revisions docs -o json']);
}
