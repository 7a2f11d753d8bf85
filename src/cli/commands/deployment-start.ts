import { payloadOf, type TransactionStartInput } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { inputOf } from '../definition/deployment.js';
import { readObject } from '../definition/document.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeObject } from '../output/format.js';
import { transactionRow } from '../rows/transaction.js';

interface Flags extends ServerOptions {
  readonly file?: string;
  readonly cluster?: string;
  readonly externalId?: string;
  readonly name?: string;
  readonly clusterName?: string;
  readonly release?: string;
  readonly graph?: string;
  readonly settings?: string;
  readonly dryRun?: boolean;
}

/** The object that one of the flags' files holds, where one is named. */
function part(file: string | undefined, what: string): Record<string, unknown> | undefined {
  return file === undefined ? undefined : readObject(file, what);
}

function startOf(flags: Flags): TransactionStartInput {
  const { file, cluster, externalId, name, clusterName, release: releaseVersion, dryRun } = flags;
  const [graph, settings] = [part(flags.graph, 'a graph'), part(flags.settings, 'settings')];
  const fields = { cluster, externalId, name, clusterName, releaseVersion, graph, settings, dryRun };
  const input = inputOf(file, fields);
  if (input.cluster === undefined || input.externalId === undefined) {
    const message = 'Say what is deployed and what you call it: --cluster and --external-id, or both in --file.';
    throw new CliFailure(message, EXIT.USAGE);
  }
  return input as TransactionStartInput;
}

/** `orrery deployment start` */
export function registerDeploymentStart(parent: Command, context: CommandContext): void {
  const command = parent
    .command('start')
    .description('announce a deployment and its graph; the same once more changes nothing');
  withServer(command)
    .option('--file <path>', 'the input of the mutation transactionStart, JSON or YAML; - reads standard input')
    .option('--cluster <cluster>', 'external id or id; an external id that nobody has makes a cluster')
    .option('--external-id <text>', 'what you call the deployment')
    .option('--name <text>', 'its name for people (default: the external id)')
    .option('--cluster-name <text>', 'the name of a cluster that is made by this')
    .option('--release <version>', 'the release of a cluster that is made by this: 9.0')
    .option('--graph <path>', 'its graph: {"tasks": [{"name": "netconfig", "nodes": ["5", "6"]}]}')
    .option('--settings <path>', 'what it was given, an object')
    .option('--dry-run', 'it changes nothing, and only tells what it would do')
    .action(async (flags: Flags) => {
      const input = startOf(flags);
      const payload = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.transactionStart({ input })).transactionStart),
      );
      const { transaction, outcome } = payload;
      writeObject(context.terminal, flags, { outcome, ...transactionRow(transaction) }, payload);
    });
  withExamples(command, [
    'deployment start --cluster env-1 --external-id deploy-42 --name "add compute nodes"',
    'deployment start --cluster env-1 --external-id deploy-43 --graph graph.json',
    'deployment start --file - < start.json',
  ]);
}
