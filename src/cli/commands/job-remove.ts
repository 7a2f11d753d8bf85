import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import type { CommandContext } from '../command.js';
import { registerJobOrder } from './job-control.js';

/** `orrery job remove` */
export function registerJobRemove(parent: Command, context: CommandContext): void {
  registerJobOrder(parent, context, {
    name: 'remove',
    description: 'remove a job; a run under way is aborted, the history is kept',
    examples: ['job remove docs'],
    send: async (sdk, input) => payloadOf((await sdk.jobRemove({ input })).jobRemove),
  });
}
