import { type Command, Option } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeRows } from '../output/format.js';
import { PAGE, upTo } from '../paging.js';
import { FIRE_COLUMNS, fireRow } from '../rows/due.js';

interface Flags extends ServerOptions {
  readonly limit: number;
}

/** `orrery job next` */
export function registerJobNext(parent: Command, context: CommandContext): void {
  const command = parent.command('next').argument('<job>', 'key or id').description('show when a job is due next');
  withProject(withServer(command))
    .addOption(new Option('-n, --limit <count>', `show so many, at most ${PAGE}`).argParser(upTo(PAGE)).default(10))
    .action(async (id: string, flags: Flags) => {
      const variables = { id, project: flags.project, first: flags.limit };
      const { job } = await withSdk(flags, context, (sdk) => sdk.jobNextRuns(variables));
      if (!job) throw new CliFailure(`There is no job "${id}": see "orrery job list".`, EXIT.REFUSED);
      writeRows(context.terminal, flags, job.nextRuns.map(fireRow), FIRE_COLUMNS);
    });
  withExamples(command, ['job next docs', 'job next docs -n 30 --utc']);
}
