import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import type { CommandContext } from '../command.js';
import { registerJobOrder } from './job-control.js';

/** `orrery job start` */
export function registerJobStart(parent: Command, context: CommandContext): void {
  registerJobOrder(parent, context, {
    name: 'start',
    description: 'put a job under its schedule, from now on',
    examples: ['job start docs'],
    send: async (sdk, input) => payloadOf((await sdk.jobStart({ input })).jobStart),
  });
}
