import type { Command, Option } from 'commander';

/** What can come next on a command line. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What can come next: words, a noun whose names only the server knows, or a path of the file system. */
export type Completion =
  | { readonly kind: 'WORDS'; readonly words: readonly Candidate[] }
  | { readonly kind: 'NAMES'; readonly noun: string }
  | { readonly kind: 'PATHS'; readonly directories: boolean };

/** What the value of an option or argument of this name is: a noun of the server's, or a path. */
const NOUNS = new Set([
  'job',
  'jobs',
  'run',
  'client',
  'clients',
  'cluster',
  'clusters',
  'deployment',
  'transaction',
  'transactions',
  'service',
  'background-job',
  'token',
]);
const FILES = new Set(['file', 'path']);

const NOTHING: Completion = { kind: 'WORDS', words: [] };

function ofValue(name: string, choices: readonly string[] | undefined): Completion {
  if (choices) return { kind: 'WORDS', words: choices.map((value) => ({ value, description: '' })) };
  if (NOUNS.has(name)) return { kind: 'NAMES', noun: name.replace(/s$/, '') };
  if (FILES.has(name)) return { kind: 'PATHS', directories: false };
  return name === 'dir' ? { kind: 'PATHS', directories: true } : NOTHING;
}

/** The name of an option's value: `path` of `--file <path>`. */
function valueName({ flags }: Option): string {
  return /[<[]([\w-]+)/.exec(flags)?.[1] ?? '';
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

function optionOf(command: Command, word: string): Option | undefined {
  return command.options.find((option) => option.short === word || option.long === word);
}

function visible(commands: readonly Command[]): readonly Command[] {
  return commands.filter((command) => !command.name().startsWith('_'));
}

function optionWords(command: Command): Candidate[] {
  const own = command.options
    .filter(({ hidden }) => !hidden)
    .map((option) => ({
      value: option.long ?? option.short ?? '',
      description: option.description,
    }));
  return [...own, { value: '--help', description: 'print this help' }];
}

/** Where a command line stands after its whole words: the command, how many arguments it has, an option that waits. */
function walk(program: Command, words: readonly string[]): { command: Command; given: number; option: Option | null } {
  let command = program;
  let given = 0;
  let option: Option | null = null;
  for (const word of words) {
    if (option) option = null;
    else if (word.startsWith('-') && word !== '-') {
      const found = optionOf(command, word.split('=', 1)[0] ?? word);
      option = found && takesValue(found) && !word.includes('=') ? found : null;
    } else {
      const child = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
      if (child) {
        command = child;
        given = 0;
      } else given += 1;
    }
  }
  return { command, given, option };
}

/** What can come next after `words`, of which the last is still being typed (and may be empty). */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const typed = words.at(-1) ?? '';
  const { command, given, option } = walk(program, words.slice(0, -1));
  if (option) return ofValue(valueName(option), option.argChoices);
  if (typed.startsWith('-')) return { kind: 'WORDS', words: optionWords(command) };
  if (command.commands.length > 0) {
    const children = visible(command.commands);
    return {
      kind: 'WORDS',
      words: children.map((child) => ({ value: child.name(), description: child.description() })),
    };
  }
  const argument = command.registeredArguments[given] ?? command.registeredArguments.findLast((last) => last.variadic);
  return argument ? ofValue(argument.name(), argument.argChoices) : NOTHING;
}
