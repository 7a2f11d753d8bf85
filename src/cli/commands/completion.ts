import { Argument, type Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { type Candidate, completionOf } from '../completion/candidates.js';
import { namesOf } from '../completion/names.js';
import { completionScript, SHELLS, type Shell } from '../completion/scripts.js';
import { shown } from '../output/text.js';

/** Milliseconds that the server has for names: a shell waits. */
const PATIENCE = 2_000;

/** Names that the server knows; none when it does not answer soon, or at all. */
async function names(
  flags: ServerOptions,
  context: CommandContext,
  noun: string,
  typed: string,
): Promise<readonly Candidate[]> {
  const quiet = { ...context, signal: AbortSignal.timeout(PATIENCE) };
  try {
    return await withSdk(flags, quiet, (sdk) => namesOf(sdk, noun, typed));
  } catch {
    return [];
  }
}

function registerAnswer(program: Command, context: CommandContext): void {
  const { terminal } = context;
  withServer(program.command('_complete', { hidden: true }))
    .argument('[word...]', 'the words so far; the last one is being typed')
    .action(async (words: string[], flags: ServerOptions) => {
      const completion = completionOf(program, words);
      if (completion.kind === 'PATHS') {
        terminal.out(completion.directories ? ':dirs\n' : ':files\n');
        return;
      }
      const typed = words.at(-1) ?? '';
      const found =
        completion.kind === 'WORDS' ? completion.words : await names(flags, context, completion.noun, typed);
      for (const { value, description } of found) {
        if (value.startsWith(typed)) terminal.out(`${shown(value)}\t${shown(description)}\n`);
      }
    });
}

/** `orrery completion`, and the hidden command that its scripts ask. */
export function registerCompletion(program: Command, context: CommandContext): void {
  const command = program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .description('print the script that completes orrery command lines in a shell, names of jobs included')
    .action((shell: Shell) => context.terminal.out(completionScript(shell)));
  withExamples(command, [
    'completion bash >> ~/.bashrc',
    'completion zsh > ~/.zfunc/_orrery',
    'completion fish > ~/.config/fish/completions/orrery.fish',
  ]);
  registerAnswer(program, context);
}
