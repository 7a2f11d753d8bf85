import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { writeObject } from '../output/format.js';

/** `orrery login` */
export function registerLogin(parent: Command, context: CommandContext): void {
  const command = parent
    .command('login')
    .description('make a one-time link that opens GraphiQL in a browser, logged in with your rights');
  withServer(command).action(async (flags: ServerOptions) => {
    const link = await withSdk(flags, context, async (sdk) =>
      payloadOf((await sdk.loginLinkCreate({ input: {} })).loginLinkCreate),
    );
    if (flags.output === 'table') context.terminal.out(`${link.url}\n`);
    else writeObject(context.terminal, flags, { url: link.url, expiresAt: new Date(link.expiresAt) }, link);
  });
  withExamples(command, ['login', 'login --url https://orrery.example.org --token-file ~/.orrery-token']);
}
