import { access } from 'node:fs/promises';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/main.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { type Answer, Console, orrery } from './console.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await orrery(['job', 'create', '--backup', '/srv/docs', '--every', '1d', '--client', 'web1'], server);
});
afterAll(() => server.stop());

const run = (...args: string[]): Promise<Answer> => orrery(args, server);

describe('a text that an unset variable left empty', () => {
  it.each([
    ['job', 'update', 'docs', '--retries', ''],
    ['job', 'update', 'docs', '--unset', ''],
    ['job', 'show', 'docs', '--project', ''],
    ['job', 'create', '--backup', '/x', '--key', ''],
    ['job', 'list', '--client', ''],
    ['job', 'import', ''],
    ['run', 'list', '--client', ''],
    ['history', 'export', '--file', ''],
    ['activity', '--subject', ''],
  ])('%s %s is refused: %j %j %j', async (...args) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/is empty|whole number/i);
  });

  it('leaves no file behind', async () => {
    await expect(access('.part')).rejects.toThrow('ENOENT');
  });
});

describe('a number', () => {
  it.each(['1e3', '0x10', ' 5', '-1', '1.5', 'x'])('is no %j', async (text) => {
    expect(await run('job', 'list', '-n', text)).toMatchObject({ code: 2, out: '' });
    expect(await run('job', 'update', 'docs', '--retries', text)).toMatchObject({ code: 2, out: '' });
  });
});

describe('a name of nothing', () => {
  it.each([
    ['watch', '--job', 'typo'],
    ['activity', '--job', 'typo'],
    ['background-jobs', '--job', 'typo'],
    ['job', 'preview', 'typo', '--every', '1d'],
    ['task', 'stats', 'netconfig', '--cluster', 'typo'],
  ])('is told: %s %s %s', async (...args) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatch(/There is no (job|cluster) "typo"/);
    expect(err).not.toContain('(request');
  });

  it('is not where there is one', async () => {
    expect((await run('activity', '--job', 'docs')).out).toMatch(/ jobCreate +docs +OK /);
  });
});

describe('every command', () => {
  const each = (command: Command, path: string[]): [Command, string[]][] => [
    [command, path],
    ...command.commands.flatMap((child) => each(child, [...path, child.name()])),
  ];

  it('has help with examples, and refuses what it does not know in one line', async () => {
    const context = { terminal: new Console(), signal: new AbortController().signal, version: '0' };
    for (const [command, path] of each(await createProgram(context, []), [])) {
      if (path[0]?.startsWith('_') || command.commands.length > 0) continue;
      const help = await orrery([...path, '--help']);
      expect({ path, code: help.code, err: help.err }).toEqual({ path, code: 0, err: '' });
      expect(help.out).toContain('Examples:');
      const wrong = await orrery([...path, '--nonsense']);
      expect({ path, code: wrong.code, out: wrong.out }).toEqual({ path, code: 2, out: '' });
      expect(wrong.err).toMatch(/^error: .*\n\(add --help for the options\)\n$/);
    }
  });
});
