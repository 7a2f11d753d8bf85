import { randomUUID } from 'node:crypto';
import { payloadOf, type TransactionReportInput } from '@orrery/sdk';
import { type Command, Option } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { type DeploymentFlags, inputFor, saidOf, withDeployment } from '../definition/deployment.js';
import { readValue } from '../definition/document.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeObject } from '../output/format.js';
import { integer, positive, whole } from '../paging.js';
import { transactionRow } from '../rows/transaction.js';

/** What happened to one attempt of one task, as the command line says it. */
interface EventFlags {
  readonly status?: string;
  readonly task?: string;
  readonly node?: string;
  readonly attempt?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly summary?: string;
}

interface Flags extends ServerOptions, DeploymentFlags, EventFlags {
  readonly reportId?: string;
  readonly progress?: number;
  readonly message?: string;
}

/** The one event that the flags say; none when they say nothing of one. Throws CliFailure when it is not whole. */
function eventsOf({ status, task, node, attempt, exitCode, reason, summary }: EventFlags): object[] | undefined {
  if ([status, task, node, attempt, exitCode, reason, summary].every((value) => value === undefined)) return undefined;
  if (status === undefined || task === undefined) {
    throw new CliFailure('Say what happened, and to which task: --status and --task.', EXIT.USAGE);
  }
  const value = summary === undefined ? undefined : readValue(summary);
  return [saidOf({ status, taskName: task, nodeId: node, attempt, exitCode, reason, summary: value })];
}

function reportOf(deployment: string | undefined, flags: Flags): TransactionReportInput {
  const { reportId, progress, message } = flags;
  const input = inputFor(deployment, flags, { reportId, progress, message, events: eventsOf(flags) });
  if ((input.events ?? input.progress ?? input.message) === undefined) {
    throw new CliFailure('There is nothing to report: say it by --file, or by --task and --status.', EXIT.USAGE);
  }
  return { events: [], reportId: randomUUID(), ...input } as TransactionReportInput;
}

/** `orrery deployment report` */
export function registerDeploymentReport(parent: Command, context: CommandContext): void {
  const command = parent
    .command('report')
    .description('say what happened to tasks of a deployment; the same report once more changes nothing');
  const { terminal } = context;
  withDeployment(withServer(command), 'transactionReport')
    .option('--report-id <text>', 'what you call this report, so that it can be sent again (default: a random one)')
    .addOption(
      new Option('--status <status>', 'what happened: pending, running, ready, error, skipped or stopped').conflicts(
        'file',
      ),
    )
    .option('--task <name>', 'to the task of this name')
    .option('--node <node>', 'on this node; left out for a point of synchronisation')
    .option('--attempt <number>', 'to this attempt (default: the newest)', positive)
    .option('--exit-code <number>', 'the exit status of what it executed', integer)
    .option('--reason <text>', 'why it ended as it did')
    .option('--summary <path>', 'its summary: a file with JSON of any shape; - reads standard input')
    .option('--progress <percent>', 'how far the deployment is, 0 to 100', whole)
    .option('--message <text>', 'a line for people beside the progress')
    .action(async (deployment: string | undefined, flags: Flags) => {
      const input = reportOf(deployment, flags);
      const payload = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.transactionReport({ input })).transactionReport),
      );
      const { transaction, outcome, accepted, refused } = payload;
      writeObject(
        terminal,
        flags,
        { outcome, accepted, refused: refused.length, ...transactionRow(transaction) },
        payload,
      );
      if (refused.length === 0) return;
      const faults = refused.map(
        ({ index, field, message }) => `events.${index}${field ? `.${field}` : ''}: ${message}`,
      );
      const many = refused.length === 1 ? 'An event was' : `${refused.length} events were`;
      throw new CliFailure(`${many} refused:\n  ${faults.join('\n  ')}`, EXIT.REFUSED);
    });
  withExamples(command, [
    'deployment report 12 --task netconfig --node 5 --status running',
    'deployment report 12 --task netconfig --node 5 --status ready --summary last_run_summary.json',
    'deployment report --external-id deploy-42 --cluster env-1 --progress 40 --message "compute nodes"',
    'deployment report --file - < report.json',
  ]);
}
