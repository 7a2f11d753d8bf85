import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';

interface Flags extends ServerOptions {
  readonly as: 'json' | 'yaml';
}

/** `orrery job export` */
export function registerJobExport(parent: Command, context: CommandContext): void {
  const command = parent
    .command('export')
    .argument('<job>', 'key or id')
    .description('write a job as a Freezer job document');
  withProject(withServer(command))
    .addOption(new Option('--as <language>', 'the language of the document').choices(['json', 'yaml']).default('json'))
    .action(async (id: string, flags: Flags) => {
      const { job } = await withSdk(flags, context, (sdk) => sdk.jobDocument({ id, project: flags.project }));
      if (!job) throw new CliFailure(`There is no job "${id}": see "orrery job list".`, EXIT.REFUSED);
      const yaml = flags.as === 'yaml' || flags.output === 'yaml';
      context.terminal.out(yaml ? stringify(job.document) : `${JSON.stringify(job.document, null, 2)}\n`);
    });
  withExamples(command, ['job export docs > docs.json', 'job export docs --as yaml']);
}
