import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { positive } from '../paging.js';
import { withReason } from './job-control.js';
import { showDefined } from './job-create.js';

interface Flags extends ServerOptions {
  readonly reason?: string;
}

/** `orrery job revert` */
export function registerJobRevert(parent: Command, context: CommandContext): void {
  const command = parent
    .command('revert')
    .argument('<job>', 'key or id')
    .argument('<revision>', 'the revision to go back to', positive)
    .description('give a job an earlier definition again, as a new revision');
  withReason(withProject(withServer(command))).action(async (id: string, revision: number, flags: Flags) => {
    const input = { id, revision, project: flags.project, reason: flags.reason };
    const payload = await withSdk(flags, context, async (sdk) => payloadOf((await sdk.jobRevert({ input })).jobRevert));
    showDefined(context, flags, payload);
  });
  withExamples(command, ['job revert docs 3 --reason "the new path is wrong"']);
}
