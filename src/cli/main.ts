import { Command, CommanderError } from 'commander';
import type { CommandContext } from './command.js';
import { registerAll } from './commands/all.js';
import { describeFailure, EXIT, EXIT_HELP } from './failure.js';
import { Interruption } from './interruption.js';
import { processTerminal } from './terminal.js';

/** The options of a command itself come first, then those that all have. */
function groupItems<T>(_all: T[], visible: T[], groupOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>([['Options:', []]]);
  for (const item of visible) groups.set(groupOf(item), [...(groups.get(groupOf(item)) ?? []), item]);
  return new Map([...groups].filter(([, items]) => items.length > 0));
}

/** The whole command line, ready to be parsed; also what completion is made from. */
export async function createProgram(context: CommandContext, args: readonly string[]): Promise<Command> {
  const program = new Command('orrery')
    .description('A live control plane for clusters: jobs on hosts, run on time and watched as they run.')
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', EXIT_HELP)
    .showHelpAfterError('(add --help for the options)')
    .showSuggestionAfterError(true)
    .configureOutput({ writeOut: (text) => context.terminal.out(text), writeErr: (text) => context.terminal.err(text) })
    .configureHelp({ groupItems })
    .exitOverride();
  await registerAll(program, context, args);
  return program;
}

/** Runs one command line; returns the exit code. Every failure is one clear line on standard error. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    const program = await createProgram(context, args);
    await program.parseAsync(args, { from: 'user' });
    return EXIT.OK;
  } catch (failure) {
    if (failure instanceof CommanderError) return failure.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
    if (failure instanceof Error && failure.name === 'AbortError') return EXIT.INTERRUPTED;
    const { message, exitCode } = describeFailure(failure);
    context.terminal.err(`orrery: ${message}\n`);
    return exitCode;
  }
}

/** The program: runs one command line in this process and returns its exit code. */
export async function run(args: readonly string[], version: string): Promise<number> {
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.OK);
  });
  const interruption = new Interruption(process);
  const context: CommandContext = {
    terminal: processTerminal(process.stdout, process.stderr),
    version,
    get signal() {
      return interruption.signal;
    },
  };
  const exitCode = await runCommand(args, context);
  return interruption.happened ? EXIT.INTERRUPTED : exitCode;
}
