import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patternOf, stepsOf, Terminal } from '../kit/console-session.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The README as a new user meets it: a fresh clone, an empty home, its commands typed literally. */
describe('the README', () => {
  const directory = mkdtempSync(join(tmpdir(), 'orrery-readme-'));
  const clone = join(directory, 'orrery');
  const steps = stepsOf(readFileSync(join(root, 'README.md'), 'utf8'));
  let terminal: Terminal;

  beforeAll(() => {
    const cloned = spawnSync('git', ['clone', '--quiet', root, clone], { encoding: 'utf8' });
    expect(cloned.stderr).toBe('');
    const home = join(directory, 'home');
    spawnSync('mkdir', [home]);
    const { PATH = '', LANG = 'C.UTF-8' } = process.env;
    terminal = new Terminal(clone, { PATH, LANG, HOME: home, USER: 'newcomer' });
  });
  afterAll(async () => {
    await terminal.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('has a session', () => {
    expect(steps.length).toBeGreaterThan(5);
  });

  it.each(steps.map((step, index) => ({ name: `${index + 1}. ${step.command}`, step })))(
    '$name',
    { timeout: 300_000 },
    async ({ step }) => {
      const pattern = patternOf(step.shown);
      if (step.background) {
        expect(await terminal.background(step.command, pattern)).toMatch(pattern);
        return;
      }
      const { code, output } = await terminal.run(step.command);
      expect(output).toMatch(pattern);
      expect(code).toBe(0);
    },
  );
});
