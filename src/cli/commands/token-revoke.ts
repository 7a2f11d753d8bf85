import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { writeObject } from '../output/format.js';

/** `orrery token revoke` */
export function registerTokenRevoke(parent: Command, context: CommandContext): void {
  const command = parent
    .command('revoke')
    .argument('<token>', 'its id: see "orrery token list"')
    .description("end a token's rights at once, with its open connections");
  withServer(command).action(async (id: string, flags: ServerOptions) => {
    const payload = await withSdk(flags, context, async (sdk) =>
      payloadOf((await sdk.apiTokenRevoke({ input: { id } })).apiTokenRevoke),
    );
    const { name } = payload.apiToken;
    writeObject(context.terminal, flags, { name, id, outcome: payload.outcome }, payload);
  });
  withExamples(command, ['token revoke token_0198a3c2-7d1e-7c3a-9a51-6a1f0c9d2e4b']);
}
