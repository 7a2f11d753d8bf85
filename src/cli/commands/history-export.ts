import type { Command } from 'commander';
import { type CommandContext, texts, withExamples } from '../command.js';
import { type TaskFlags, taskFilterOf, withTaskFilter } from '../definition/task-filter.js';
import { type ExportFlags, formatOf, withExport, writeExport } from '../export-output.js';
import { CliFailure, EXIT } from '../failure.js';
import { past } from '../instant-option.js';

interface Flags extends ExportFlags, TaskFlags {
  readonly summary?: boolean;
  readonly transaction?: string[];
  readonly cluster?: string[];
  readonly project?: string[];
  readonly since?: string;
  readonly until?: string;
}

/** `orrery history export` */
export function registerHistoryExport(parent: Command, context: CommandContext): void {
  const command = parent
    .command('export')
    .description('export the history of tasks, however long, as CSV or JSON lines');
  withTaskFilter(withExport(command))
    .option('--summary', 'with the summary of each; JSON lines only')
    .option('-t, --transaction <transactions>', 'of these deployments and runs: numbers or ids, with commas', texts)
    .option('--search <text>', 'with --transaction: with this text in name or node')
    .option('-c, --cluster <clusters>', 'of these clusters: one or several external ids, with commas', texts)
    .option('--project <projects>', 'of the runs of these projects: one or several, with commas', texts)
    .option('--since <date>', 'that began after: a date, or how long ago', past)
    .option('--until <date>', 'that began before: a date, or how long ago', past)
    .action(async (flags: Flags) => {
      if (flags.search !== undefined && flags.transaction === undefined) {
        throw new CliFailure('--search goes with --transaction.', EXIT.USAGE);
      }
      const { nodes: nodeIds, statuses, taskNames } = taskFilterOf(flags);
      const asked = {
        format: formatOf(flags, flags.summary),
        bom: flags.bom,
        summaries: flags.summary,
        clusterId: flags.cluster,
        projects: flags.project,
        transactionIds: flags.transaction,
        nodeIds,
        statuses,
        taskNames,
        search: flags.search,
        startedAfter: flags.since,
        startedBefore: flags.until,
      };
      await writeExport(context, flags, (client, signal) => client.exportTasks(asked, signal));
    });
  withExamples(command, [
    'history export --cluster env-1 --since 30d > env-1.csv',
    'history export --file history.jsonl --summary',
    'history export -t 12 --statuses error --bom --file failed.csv',
  ]);
}
