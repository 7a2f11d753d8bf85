import type { ChangeLineFragment } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { jsonCell } from '../output/cell.js';
import { writeRows } from '../output/format.js';
import { shown } from '../output/text.js';
import { positive } from '../paging.js';
import { changeText } from '../rows/due.js';

/** Writes differences: one a line for people, whole for programs. */
export function writeChanges(
  { terminal }: CommandContext,
  flags: ServerOptions,
  changes: readonly ChangeLineFragment[],
): void {
  if (flags.output === 'table') {
    if (changes.length === 0) terminal.err('Nothing differs.\n');
    for (const change of changes) terminal.out(`${shown(changeText(change))}\n`);
    return;
  }
  const rows = changes.map(({ path, kind, before, after }) => ({
    path: path.join('.'),
    kind,
    before: jsonCell(before),
    after: jsonCell(after),
  }));
  writeRows(terminal, flags, rows, ['path', 'kind', 'before', 'after']);
}

/** `orrery job diff` */
export function registerJobDiff(parent: Command, context: CommandContext): void {
  const command = parent
    .command('diff')
    .argument('<job>', 'key or id')
    .argument('<from>', 'a revision', positive)
    .argument('[to]', 'another one (default: as the job is now)', positive)
    .description('show what lies between two revisions of a job');
  withProject(withServer(command)).action(
    async (id: string, from: number, to: number | undefined, flags: ServerOptions) => {
      const { job } = await withSdk(flags, context, (sdk) => sdk.jobDiff({ id, project: flags.project, from, to }));
      if (!job) throw new CliFailure(`There is no job "${id}": see "orrery job list".`, EXIT.REFUSED);
      writeChanges(context, flags, job.diff);
    },
  );
  withExamples(command, ['job diff docs 1', 'job diff docs 1 3']);
}
