import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { completionOf } from '../../src/cli/completion/candidates.js';
import { SHELLS } from '../../src/cli/completion/scripts.js';
import { createProgram } from '../../src/cli/main.js';
import { Console, orrery } from './console.js';

const context = { terminal: new Console(), signal: new AbortController().signal, version: '0' };
const program = await createProgram(context, []);

const words = (...typed: string[]): string[] => {
  const completion = completionOf(program, typed);
  if (completion.kind !== 'WORDS') throw new Error(`${completion.kind}`);
  return completion.words.map(({ value }) => value);
};

/** Every command of the program, as the words that call it. */
function commandsOf(parent = program, path: string[] = []): string[][] {
  return parent.commands
    .filter((command) => !command.name().startsWith('_'))
    .flatMap((command) => {
      const own = [...path, command.name()];
      return command.commands.length > 0 ? commandsOf(command, own) : [own];
    });
}

describe('completion', () => {
  it('offers the commands, and those of a group', () => {
    expect(words('')).toEqual(expect.arrayContaining(['serve', 'agent', 'job', 'run', 'watch', 'completion']));
    expect(words('')).not.toContain('_complete');
    expect(words('job', '')).toEqual(expect.arrayContaining(['list', 'create', 'restore']));
  });

  it('offers every option of every command', () => {
    for (const path of commandsOf()) expect(words(...path, '--')).toContain('--help');
    expect(words('job', 'create', '--')).toEqual(expect.arrayContaining(['--backup', '--every', '--url']));
  });

  it('offers the values of an option that has some, also behind other options', () => {
    expect(words('job', 'list', '-o', '')).toEqual(['table', 'json', 'csv', 'yaml']);
    expect(words('job', 'list', '--all', '--output', '')).toEqual(['table', 'json', 'csv', 'yaml']);
    expect(words('completion', '')).toEqual([...SHELLS]);
  });

  it('asks the server for names, and the shell for paths', () => {
    expect(completionOf(program, ['job', 'run', ''])).toEqual({ kind: 'NAMES', noun: 'job' });
    expect(completionOf(program, ['job', 'run', '--reason', 'why', ''])).toEqual({ kind: 'NAMES', noun: 'job' });
    expect(completionOf(program, ['job', 'due', 'a', 'b', ''])).toEqual({ kind: 'NAMES', noun: 'job' });
    expect(completionOf(program, ['run', 'log', ''])).toEqual({ kind: 'NAMES', noun: 'run' });
    expect(completionOf(program, ['job', 'create', '--client', ''])).toEqual({ kind: 'NAMES', noun: 'client' });
    expect(completionOf(program, ['job', 'import', ''])).toEqual({ kind: 'PATHS', directories: false });
    expect(completionOf(program, ['job', 'create', '--to', ''])).toEqual({ kind: 'PATHS', directories: true });
    expect(words('job', 'run', 'docs', '')).toEqual([]);
  });

  it.each(SHELLS)('has a script for %s that the shell can read, where the shell is here', async (shell) => {
    const { code, out } = await orrery(['completion', shell]);
    expect(code).toBe(0);
    expect(out).toContain('_complete');
    const check = spawnSync(shell, ['-n'], { input: out, encoding: 'utf8' });
    if (check.error === undefined) expect(check.stderr).toBe('');
  });

  it('works in bash: words of the definition, and the names of paths', async () => {
    const { out } = await orrery(['completion', 'bash']);
    const script = `${out}
      orrery() { case "$*" in *import*) echo :files ;; *) printf 'list\\tlist jobs\\nlogin\\tlog in\\n' ;; esac; }
      COMP_WORDS=(orrery job l) COMP_CWORD=2; _orrery; echo "\${COMPREPLY[*]}"
      cd /; COMP_WORDS=(orrery job import et) COMP_CWORD=3; _orrery; echo "\${COMPREPLY[*]}"`;
    const { stdout } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
    expect(stdout).toBe('list login\netc\n');
  });
});

describe('help', () => {
  it.each(commandsOf().map((path) => path.join(' ')))('is there for "%s", with examples', async (path) => {
    const { code, out } = await orrery([...path.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out).toContain('Usage: orrery');
    expect(out).toContain(`$ orrery ${path}`);
  });

  it('lists the exit codes', async () => {
    expect((await orrery(['--help'])).out).toContain('Exit codes:');
  });
});
