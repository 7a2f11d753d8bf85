import type { TransactionStatus } from '@orrery/sdk';
import { type Command, Option } from 'commander';
import {
  type CommandContext,
  listOf,
  type ServerOptions,
  texts,
  withExamples,
  withSdk,
  withServer,
} from '../command.js';
import { showList } from '../followed-list.js';
import { past } from '../instant-option.js';
import { type PagingOptions, withPaging } from '../paging.js';
import { DEPLOYMENT_COLUMNS, transactionRow } from '../rows/transaction.js';
import { findCluster } from './cluster-show.js';

export const STATUSES: readonly TransactionStatus[] = ['PENDING', 'RUNNING', 'READY', 'ERROR', 'STOPPED', 'LOST'];

interface Flags extends ServerOptions, PagingOptions {
  readonly cluster?: string[];
  readonly status?: TransactionStatus[];
  readonly name?: string[];
  readonly externalId?: string[];
  readonly since?: string;
  readonly until?: string;
  readonly follow?: boolean;
}

/** `orrery deployment list` */
export function registerDeploymentList(parent: Command, context: CommandContext): void {
  const command = parent.command('list').alias('ls').description('list deployments, the newest first');
  withPaging(withServer(command))
    .option('-c, --cluster <clusters>', 'of these clusters: one or several external ids, with commas', texts)
    .addOption(listOf('-s, --status <statuses>', 'in these statuses', STATUSES))
    .option('--name <names>', 'of these names: one or several, with commas', texts)
    .option('--external-id <ids>', 'that their reporters call so: one or several, with commas', texts)
    .option('--since <date>', 'announced after: a date, or how long ago', past)
    .option('--until <date>', 'announced before: a date, or how long ago', past)
    .addOption(
      new Option('-f, --follow', 'go on with each change of a deployment, as it happens').conflicts([
        'until',
        'externalId',
      ]),
    )
    .action(async (flags: Flags) => {
      const { status: statuses, name: names, externalId: externalIds, since, until } = flags;
      await withSdk(flags, context, async (sdk) => {
        const clusters = flags.cluster && (await Promise.all(flags.cluster.map((name) => findCluster(sdk, name))));
        const narrowed = { kinds: ['DEPLOYMENT' as const], clusterIds: clusters?.map(({ id }) => id), statuses, names };
        const filter = { ...narrowed, externalIds, createdAfter: since, createdBefore: until };
        await showList(context, flags, sdk, {
          columns: DEPLOYMENT_COLUMNS,
          row: transactionRow,
          newestFirst: true,
          page: async (page) => (await sdk.transactions({ filter, ...page })).transactions,
          async *changes(after) {
            for await (const { transactionChanged } of sdk.transactionChanged({ filter: narrowed, after })) {
              const { transaction, status } = transactionChanged;
              if (transaction) yield [{ ...transactionRow(transaction), status }];
            }
          },
        });
      });
    });
  withExamples(command, [
    'deployment list',
    'deployment list --cluster env-1 --status error,lost --since 30d -o csv',
    'deployment list --follow',
  ]);
}
