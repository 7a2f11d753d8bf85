import { setTimeout as pause } from 'node:timers/promises';
import { type OrrerySdk, payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { writeObject } from '../output/format.js';
import { serviceRow } from '../rows/service.js';
import { findService } from './service-show.js';

interface Flags extends ServerOptions {
  readonly reason?: string;
  readonly wait?: boolean;
}

/** Milliseconds between two looks at a service that is emptied. */
const LOOK_EVERY = 500;

/** Waits until a service owns nothing and does nothing, or takes work again. */
async function emptied(sdk: OrrerySdk, { terminal, signal }: CommandContext, id: string) {
  let told = -1;
  for (;;) {
    const service = await findService(sdk, id);
    if (service.state !== 'DRAINING' || service.shardCount + service.work.length === 0) return service;
    if (service.shardCount !== told) terminal.err(`It still owns ${service.shardCount} shards ...\n`);
    told = service.shardCount;
    await pause(LOOK_EVERY, undefined, { signal });
  }
}

async function drain(context: CommandContext, id: string, flags: Flags, wanted: boolean): Promise<void> {
  const { reason, wait } = flags;
  await withSdk(flags, context, async (sdk) => {
    const payload = payloadOf((await sdk.serviceDrain({ input: { id, drain: wanted, reason } })).serviceDrain);
    const { outcome, warning } = payload;
    if (warning) context.terminal.err(`Warning: ${warning.message}\n`);
    const service = wait ? await emptied(sdk, context, payload.service.id) : payload.service;
    writeObject(context.terminal, flags, { outcome, ...serviceRow(service) }, { ...payload, service });
  });
}

/** `orrery service drain` */
export function registerServiceDrain(parent: Command, context: CommandContext): void {
  const command = parent
    .command('drain')
    .argument('<service>', 'id, host/name, or the name where only one has it')
    .description('have a service let go of all it owns and take nothing more: before an upgrade, or repairs');
  withServer(command)
    .option('--reason <text>', 'why, for the activity')
    .option('-w, --wait', 'wait until it owns nothing and does nothing')
    .action((id: string, flags: Flags) => drain(context, id, flags, true));
  withExamples(command, ['service drain ctl-1/engine', 'service drain engine --wait --reason "upgrade to 1.3"']);
}

/** `orrery service undrain` */
export function registerServiceUndrain(parent: Command, context: CommandContext): void {
  const command = parent
    .command('undrain')
    .argument('<service>', 'id, host/name, or the name where only one has it')
    .description('have a drained service take work again; a restart of its process does the same');
  withServer(command)
    .option('--reason <text>', 'why, for the activity')
    .action((id: string, flags: Flags) => drain(context, id, flags, false));
  withExamples(command, ['service undrain ctl-1/engine']);
}
