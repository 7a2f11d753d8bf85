import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import type { CommandContext } from '../command.js';
import { registerJobOrder } from './job-control.js';

/** `orrery job stop` */
export function registerJobStop(parent: Command, context: CommandContext): void {
  registerJobOrder(parent, context, {
    name: 'stop',
    description: 'take a job off its schedule; a run under way finishes',
    examples: ["job stop docs --reason 'disk is being replaced'"],
    send: async (sdk, input) => payloadOf((await sdk.jobStop({ input })).jobStop),
  });
}
