import { payloadOf } from '@orrery/sdk';
import { type Command, Option } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { labels } from '../labels.js';
import { writeObject } from '../output/format.js';
import { backgroundJobRow } from '../rows/background-job.js';

interface Flags extends ServerOptions {
  readonly service?: string;
  readonly tag?: Record<string, string>;
  readonly default?: boolean;
  readonly reason?: string;
}

/** `orrery background-job rebind` */
export function registerBackgroundJobRebind(parent: Command, context: CommandContext): void {
  const command = parent
    .command('rebind')
    .argument('<background-job>', 'id, or kind/subject')
    .description('pin a background job to a service or to labels, or take the pin away; a parked one is tried again');
  withServer(command)
    .addOption(new Option('--service <service>', 'to this service alone').conflicts(['tag', 'default']))
    .addOption(
      new Option('--tag <labels>', 'to services with these labels: zone=eu,disk=fast')
        .argParser(labels)
        .conflicts('default'),
    )
    .option('--default', 'to none: as its kind would have it')
    .option('--reason <text>', 'why, for the activity')
    .action(async (id: string, flags: Flags) => {
      const { service: serviceId, tag, reason } = flags;
      if (serviceId === undefined && tag === undefined && !flags.default) {
        throw new CliFailure('Say where to: --service, --tag, or --default.', EXIT.USAGE);
      }
      const payload = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.backgroundJobRebind({ input: { id, serviceId, tag, reason } })).backgroundJobRebind),
      );
      const { backgroundJob, outcome, warning } = payload;
      if (warning) context.terminal.err(`Warning: ${warning}\n`);
      writeObject(context.terminal, flags, { outcome, ...backgroundJobRow(backgroundJob) }, payload);
    });
  withExamples(command, [
    'background-job rebind bgjob_0198... --service ctl-2/engine',
    'background-job rebind history-retention/history --tag disk=fast',
    'background-job rebind history-retention/history --default',
  ]);
}
