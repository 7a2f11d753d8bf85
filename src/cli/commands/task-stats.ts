import type { TaskStatsQuery } from '@orrery/sdk';
import type { Command } from 'commander';
import {
  type CommandContext,
  type ServerOptions,
  texts,
  withExamples,
  withProject,
  withSdk,
  withServer,
} from '../command.js';
import { past } from '../instant-option.js';
import { instant, type Row } from '../output/cell.js';
import { writeObject } from '../output/format.js';
import { countsText } from '../rows/transaction.js';
import { findCluster } from './cluster-show.js';

interface Flags extends ServerOptions {
  readonly cluster?: string[];
  readonly node?: string[];
  readonly since?: string;
  readonly until?: string;
}

type Stats = TaskStatsQuery['taskStats'];

const percent = (share: number | null): string | null =>
  share === null ? null : `${Math.round(share * 1_000) / 10} %`;

function statsFields({ duration, lastSuccess, statusCounts, ...stats }: Stats): Row {
  return {
    task: stats.taskName,
    from: instant(stats.from),
    to: instant(stats.to),
    attempts: stats.attemptCount,
    statuses: countsText(statusCounts),
    secondsP50: duration.p50,
    secondsP95: duration.p95,
    secondsP99: duration.p99,
    flaky: percent(stats.flakyRate),
    lastSuccess: instant(lastSuccess?.timeEnd ?? lastSuccess?.timeStart),
    lastSuccessIn: lastSuccess?.transaction?.number,
    lastSuccessOn: lastSuccess?.nodeId,
  };
}

/** `orrery task stats` */
export function registerTaskStats(parent: Command, context: CommandContext): void {
  const command = parent
    .command('stats')
    .argument('<name>', 'the name of the task')
    .description('show how a task does: how often it succeeds, how long it takes, how flaky it is');
  withProject(withServer(command))
    .option('-c, --cluster <clusters>', 'on these clusters: one or several external ids, with commas', texts)
    .option('--node <nodes>', 'on these nodes: one or several, with commas', texts)
    .option('--since <date>', 'attempts that began after: a date, or how long ago (default: 30d)', past)
    .option('--until <date>', 'attempts that began before: a date, or how long ago', past)
    .action(async (taskName: string, flags: Flags) => {
      const { cluster: names, node: nodeIds, since: from, until: to, project } = flags;
      const { taskStats } = await withSdk(flags, context, async (sdk) => {
        const clusters = names && (await Promise.all(names.map((name) => findCluster(sdk, name))));
        const projects = project === undefined ? undefined : [project];
        const filter = { clusterIds: clusters?.map(({ id }) => id), nodeIds, projects };
        return sdk.taskStats({ taskName, filter, window: { from, to } });
      });
      if (taskStats.truncated) context.terminal.err('There are more attempts than are counted: the newest are.\n');
      writeObject(context.terminal, flags, statsFields(taskStats), taskStats);
    });
  withExamples(command, ['task stats netconfig', 'task stats netconfig --cluster env-1 --node 5 --since 90d']);
}
