import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { instant } from '../output/cell.js';
import { writeObject } from '../output/format.js';
import { findServer } from '../session.js';

/** `orrery status` */
export function registerStatus(parent: Command, context: CommandContext): void {
  const command = parent
    .command('status')
    .alias('viewer')
    .description('show the server that answers, and who you are to it');
  withServer(command).action(async (flags: ServerOptions) => {
    const { url } = findServer(flags);
    const answer = await withSdk(flags, context, (sdk) => sdk.viewer());
    const { viewer, serverInfo } = answer;
    const fields = {
      url,
      server: serverInfo.name,
      version: serverInfo.version,
      role: serverInfo.role,
      database: serverInfo.database,
      startedAt: instant(serverInfo.startedAt),
      you: viewer.name,
      yourId: viewer.actorId,
      yourRole: viewer.role,
      project: viewer.project ?? 'all',
      ...(viewer.clientKey === null ? {} : { client: viewer.clientKey }),
      expiresAt: instant(viewer.expiresAt),
    };
    writeObject(context.terminal, flags, fields, { url, ...answer });
  });
  withExamples(command, ['status', 'status --url https://orrery.example.org --token-file ~/.orrery-token']);
}
