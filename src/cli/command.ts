import { createSdk, type OrrerySdk } from '@orrery/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { listItems } from '../lib/list-items.js';
import { FORMATS, type OutputOptions } from './output/format.js';
import { type ConnectionOptions, connectTo, findServer } from './session.js';
import type { Terminal } from './terminal.js';

/** What every command can use. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Ends with Ctrl-C. A command that never asks for it is ended by Ctrl-C at once. */
  readonly signal: AbortSignal;
  /** The version of this program. */
  readonly version: string;
}

/** The options of every command that talks to a server. */
export interface ServerOptions extends ConnectionOptions, OutputOptions {
  readonly project?: string;
}

/** Adds the options by which a command finds its server. */
export function withConnection(command: Command): Command {
  const options = [
    new Option('--url <address>', 'the server; default: the one that runs from the data directory').env('ORRERY_URL'),
    new Option('--token <token>', 'the bearer token (a file is safer: --token-file)').env('ORRERY_TOKEN'),
    new Option('--token-file <path>', 'a file that holds the bearer token').env('ORRERY_TOKEN_FILE'),
    new Option('--data-dir <path>', 'the data directory of a local server').env('ORRERY_DATA_DIR').default('./data'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Server:'));
  return command;
}

/** Adds what every command that talks to a server has: where that is, and how the answer is written. */
export function withServer(command: Command): Command {
  const output = new Option('-o, --output <format>', 'how to write the answer').choices(FORMATS).default('table');
  const utc = new Option('--utc', 'show times in UTC instead of the local time zone');
  for (const option of [output, utc]) command.addOption(option.helpGroup('Output:'));
  return withConnection(command);
}

/** Adds the project, for those who see several. */
export function withProject(command: Command): Command {
  return command.option('--project <name>', 'the project, where you see several', filled);
}

/** Examples at the end of a command's help. Each is a line as typed, without `orrery`. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ orrery ${line}`).join('\n')}`);
}

/** Takes `running,Failed` as a list of values in capitals, each of which must be one of `values`. */
export function listOf<T extends string>(flags: string, description: string, values: readonly T[]): Option {
  const option = new Option(flags, `${description}: one or several, with commas`).choices(
    values.map((value) => value.toLowerCase()),
  );
  return option.argParser((text) =>
    text.split(',').map((part) => {
      const value = values.find((known) => known === part.trim().toUpperCase());
      if (value) return value;
      throw new InvalidArgumentError(`"${part}" is none of ${values.join(', ').toLowerCase()}.`);
    }),
  );
}

/** A text that says something. Throws InvalidArgumentError for an empty one, as an unset variable of the shell gives. */
export function filled(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('It is empty: it may come from a variable of the shell that is not set.');
}

/** Takes `a,b` as a list of texts, of which there is one at least; one in double quotes may hold commas, or nothing. */
export function texts(text: string): string[] {
  return textsOrEmpty(filled(text));
}

/** The same where an empty text has a meaning. */
export function textsOrEmpty(text: string): string[] {
  const found = listItems(text);
  if (found) return found;
  throw new InvalidArgumentError('A text in double quotes ends with one, and a comma follows.');
}

/** Runs `work` with the typed client for the server that the options name, and closes it afterwards. */
export async function withSdk<T>(
  options: ServerOptions,
  context: CommandContext,
  work: (sdk: OrrerySdk) => Promise<T>,
): Promise<T> {
  const { signal } = context;
  const client = connectTo(findServer(options), context.terminal);
  const sdk = createSdk({
    ...client,
    request: (document, variables, own) => client.request(document, variables, own ?? signal),
    follow: (document, variables, own) => client.follow(document, variables, own ?? signal),
  });
  try {
    return await work(sdk);
  } finally {
    await client.close();
  }
}

/** The cursor to follow from after a state has been read: nothing that happens in between is missed. */
export async function liveCursor(sdk: OrrerySdk): Promise<string> {
  const { serverInfo } = await sdk.liveCursor();
  return serverInfo.liveCursor;
}
