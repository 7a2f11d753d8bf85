import type { OrrerySdk, ServiceQuery } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { labelsText } from '../labels.js';
import { writeObject } from '../output/format.js';
import { serviceRow } from '../rows/service.js';

/** A service by its id, `host/name` or name. Throws CliFailure when there is none that the caller may see. */
export async function findService(sdk: OrrerySdk, id: string): Promise<NonNullable<ServiceQuery['service']>> {
  const { service } = await sdk.service({ id });
  if (service) return service;
  throw new CliFailure(`There is no service "${id}": see "orrery services".`, EXIT.REFUSED);
}

/** `orrery service show` */
export function registerServiceShow(parent: Command, context: CommandContext): void {
  const command = parent
    .command('show')
    .argument('<service>', 'id, host/name, or the name where only one has it')
    .description('show one service: what it owns, and what it is doing');
  withServer(command).action(async (id: string, flags: ServerOptions) => {
    const service = await withSdk(flags, context, (sdk) => findService(sdk, id));
    const owned = service.shards.nodes.map(({ tag, slice }) => `${labelsText(tag)}#${slice}`);
    const work = service.work.map(({ kind, subject }) => `${kind}/${subject}`);
    const fields = { ...serviceRow(service), owns: owned, doing: work };
    writeObject(context.terminal, flags, fields, service);
  });
  withExamples(command, ['service show ctl-1/engine', 'service show engine -o yaml']);
}
