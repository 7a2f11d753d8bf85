import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeObject, writeRows } from '../output/format.js';
import { backgroundJobRow, OCCURRENCE_COLUMNS, occurrenceRow } from '../rows/background-job.js';

/** `orrery background-job show` */
export function registerBackgroundJobShow(parent: Command, context: CommandContext): void {
  const command = parent
    .command('show')
    .argument('<background-job>', 'id, or kind/subject')
    .description('show one background job: who owns it, why it stands as it does, what came of its last instants');
  withServer(command).action(async (id: string, flags: ServerOptions) => {
    const { backgroundJob } = await withSdk(flags, context, (sdk) => sdk.backgroundJob({ id }));
    if (!backgroundJob) {
      throw new CliFailure(`There is no background job "${id}": see "orrery background-jobs".`, EXIT.REFUSED);
    }
    const { shard, work, occurrences, attempts } = backgroundJob;
    const slice = shard && `${shard.id} (${shard.state}, fence ${shard.fence})`;
    const row = backgroundJobRow(backgroundJob);
    const fields = {
      ...row,
      reason: backgroundJob.reason,
      shard: slice,
      attempts,
      work: work?.state,
      workReason: work?.reason,
    };
    writeObject(context.terminal, flags, fields, backgroundJob);
    if (flags.output !== 'table' || occurrences.nodes.length === 0) return;
    context.terminal.out('\n');
    writeRows(context.terminal, flags, occurrences.nodes.map(occurrenceRow), OCCURRENCE_COLUMNS);
  });
  withExamples(command, ['background-job show reconcile/all', 'background-job show bgjob_0198... -o yaml']);
}
