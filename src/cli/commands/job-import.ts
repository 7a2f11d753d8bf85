import { hostname } from 'node:os';
import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { defaultClient } from '../definition/client.js';
import { namesClient, readObject } from '../definition/document.js';
import { withReason } from './job-control.js';
import { showDefined } from './job-create.js';

interface Flags extends ServerOptions {
  readonly client?: string;
  readonly stopped?: boolean;
  readonly reason?: string;
}

/** `orrery job import` */
export function registerJobImport(parent: Command, context: CommandContext): void {
  const command = parent
    .command('import')
    .argument('<file>', 'the document, JSON or YAML; - reads standard input')
    .description('make a job from a Freezer job document');
  withReason(withProject(withServer(command)))
    .option(
      '-c, --client <client>',
      'the client that runs it, where the document names none; default: this host, or the only one',
    )
    .option('--stopped', 'do not put it under its schedule, whatever the document says')
    .action(async (file: string, flags: Flags) => {
      const document = readObject(file, 'a job document');
      const payload = await withSdk(flags, context, async (sdk) => {
        const { project, reason } = flags;
        const named = flags.client !== undefined || namesClient(document);
        const clientId = named ? flags.client : await defaultClient(sdk, hostname(), project);
        const input = { document, clientId, project, reason, ...(flags.stopped ? { start: false } : {}) };
        return payloadOf((await sdk.jobImport({ input })).jobImport);
      });
      showDefined(context, flags, payload);
    });
  withExamples(command, [
    'job import job.json',
    'job import - --client web1 < job.json',
    'job import job.yaml --stopped',
  ]);
}
