import type { TransactionStatus } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, listOf, texts, withExamples } from '../command.js';
import { type ExportFlags, formatOf, withExport, writeExport } from '../export-output.js';
import { past } from '../instant-option.js';
import { STATUSES } from './deployment-list.js';

interface Flags extends ExportFlags {
  readonly cluster?: string[];
  readonly status?: TransactionStatus[];
  readonly name?: string[];
  readonly since?: string;
  readonly until?: string;
}

/** `orrery deployment export` */
export function registerDeploymentExport(parent: Command, context: CommandContext): void {
  const command = parent
    .command('export')
    .description('export the list of deployments, however long, as CSV or JSON lines');
  withExport(command)
    .option('-c, --cluster <clusters>', 'of these clusters: one or several external ids, with commas', texts)
    .addOption(listOf('-s, --status <statuses>', 'in these statuses', STATUSES))
    .option('--name <names>', 'of these names: one or several, with commas', texts)
    .option('--since <date>', 'announced after: a date, or how long ago', past)
    .option('--until <date>', 'announced before: a date, or how long ago', past)
    .action(async (flags: Flags) => {
      const { cluster: clusterId, status: statuses, name: names, since, until, bom } = flags;
      const asked = { format: formatOf(flags), bom, clusterId, statuses, names, createdAfter: since };
      await writeExport(context, flags, (client, signal) =>
        client.exportTransactions({ ...asked, kinds: ['deployment'], createdBefore: until }, signal),
      );
    });
  withExamples(command, ['deployment export --since 90d > deployments.csv', 'deployment export --file all.jsonl']);
}
