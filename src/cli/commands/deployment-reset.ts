import { type EndedTaskStatus, payloadOf, type ResetTaskInput } from '@orrery/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type CommandContext,
  listOf,
  type ServerOptions,
  texts,
  withExamples,
  withSdk,
  withServer,
} from '../command.js';
import { writeObject } from '../output/format.js';
import { positive } from '../paging.js';
import { transactionRow } from '../rows/transaction.js';
import { withReason } from './job-control.js';

const ENDED: readonly EndedTaskStatus[] = ['READY', 'ERROR', 'SKIPPED', 'LOST', 'STOPPED'];

interface Flags extends ServerOptions {
  readonly task?: ResetTaskInput[];
  readonly statuses?: EndedTaskStatus[];
  readonly nodes?: string[];
  readonly attempt?: number;
  readonly reason?: string;
}

/** `netconfig@5` as a task of the graph and its node; `sync` as a point of synchronisation. */
export function resetTask(text: string, all: readonly ResetTaskInput[] = []): ResetTaskInput[] {
  const at = text.lastIndexOf('@');
  const [graphTaskId, nodeId] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  if (graphTaskId === '' || nodeId === '') throw new InvalidArgumentError('It is a task and its node: netconfig@5.');
  return [...all, { graphTaskId, nodeId }];
}

/** `orrery deployment reset` */
export function registerDeploymentReset(parent: Command, context: CommandContext): void {
  const command = parent
    .command('reset')
    .argument('<deployment>', 'number or id')
    .description('begin tasks of a deployment that is over anew: those that failed, or chosen ones');
  withReason(withServer(command))
    .addOption(
      new Option('--task <task@node>', 'this one and no others, whatever became of it; can be repeated')
        .argParser(resetTask)
        .conflicts(['statuses', 'nodes']),
    )
    .addOption(listOf('--statuses <statuses>', 'that ended so (default: error, lost and stopped)', ENDED))
    .option('--nodes <nodes>', 'of these only those on these nodes, with commas', texts)
    .option('--attempt <number>', 'the attempt that this begins, so that it can be sent again', positive)
    .action(async (id: string, { task: tasks, statuses, nodes, attempt, reason, ...flags }: Flags) => {
      const input = { id, tasks, statuses, nodes, attempt, reason };
      const payload = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.transactionReset({ input })).transactionReset),
      );
      const { outcome, taskCount, transaction } = payload;
      writeObject(context.terminal, flags, { outcome, begun: taskCount, ...transactionRow(transaction) }, payload);
    });
  withExamples(command, [
    'deployment reset 12',
    'deployment reset 12 --nodes 5,6 --statuses error',
    'deployment reset 12 --task netconfig@5 --task netconfig@6 --reason "cable was loose"',
  ]);
}
