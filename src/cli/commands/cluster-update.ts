import { payloadOf } from '@orrery/sdk';
import { type Command, Option } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeObject } from '../output/format.js';
import { positive } from '../paging.js';
import { clusterRow } from '../rows/cluster.js';

interface Flags extends ServerOptions {
  readonly externalId?: string;
  readonly name?: string;
  /** False: nobody says any more. */
  readonly release?: string | false;
  readonly expectedRevision?: number;
}

/** `orrery cluster update` */
export function registerClusterUpdate(parent: Command, context: CommandContext): void {
  const command = parent
    .command('update')
    .argument('<cluster>', 'external id or id')
    .description('change what a cluster is called and which release it runs; what is not named stays');
  withServer(command)
    .option('--external-id <text>', 'what its owner calls it')
    .option('--name <text>', 'its name for people')
    .option('--release <version>', 'the release it runs: 9.0')
    .addOption(new Option('--no-release', 'nobody says any more which release it runs').default(undefined))
    .option('--expected-revision <number>', 'refuse when somebody else changed it meanwhile', positive)
    .action(async (id: string, { externalId, name, release, expectedRevision, ...flags }: Flags) => {
      if ((externalId ?? name ?? release) === undefined) {
        throw new CliFailure('There is nothing to change: name what, for example --name TEXT.', EXIT.USAGE);
      }
      const releaseVersion = release === false ? null : release;
      const input = { id, externalId, name, releaseVersion, expectedRevision };
      const payload = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.clusterUpdate({ input })).clusterUpdate),
      );
      const { cluster, outcome } = payload;
      writeObject(context.terminal, flags, { outcome, ...clusterRow(cluster) }, payload);
    });
  withExamples(command, [
    'cluster update env-1 --release 9.2',
    'cluster update env-1 --name Berlin --external-id env-7',
  ]);
}
