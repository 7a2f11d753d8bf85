import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import type { CommandContext } from '../command.js';
import { registerJobOrder } from './job-control.js';

/** `orrery job abort` */
export function registerJobAbort(parent: Command, context: CommandContext): void {
  registerJobOrder(parent, context, {
    name: 'abort',
    description: 'end every open run of a job within seconds; its schedule goes on',
    examples: ['job abort docs'],
    send: async (sdk, input) => payloadOf((await sdk.jobAbort({ input })).jobAbort),
  });
}
