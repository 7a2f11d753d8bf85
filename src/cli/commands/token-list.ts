import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
import { TOKEN_COLUMNS, tokenRow } from '../rows/token.js';

interface Flags extends ServerOptions, PagingOptions {}

/** `orrery token list` */
export function registerTokenList(parent: Command, context: CommandContext): void {
  const command = parent.command('list').alias('ls').description('list API tokens, the newest first; never a secret');
  withPaging(withServer(command)).action(async (flags: Flags) => {
    const tokens = await withSdk(flags, context, (sdk) =>
      collect(context, flags, async (page) => (await sdk.apiTokens(page)).apiTokens),
    );
    const now = Date.now();
    writeRows(
      context.terminal,
      flags,
      tokens.map((token) => tokenRow(token, now)),
      TOKEN_COLUMNS,
    );
  });
  withExamples(command, ['token list', 'token list -o json']);
}
