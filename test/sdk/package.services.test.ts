import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createSdk } from '@orrery/sdk';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { SdkAgent } from '../kit/sdk-agent.js';
import { startTestServer, type TestServer } from '../kit/server.js';

const ROOT = join(import.meta.dirname, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

let server: TestServer;
let folder: string;
beforeAll(async () => {
  [server, folder] = await Promise.all([startTestServer(), mkdtemp(join(tmpdir(), 'orrery-sdk-'))]);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a program to its end; its standard output. Throws with what it said when it fails. */
function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    module: 'NodeNext',
    lib: ['ES2023', 'DOM'],
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    outDir: 'out',
  },
  files: ['program.ts'],
};

it('is packed, installed beside a strict program, compiled, and runs through a restart of the server', async () => {
  // The build for tests leaves the types out.
  run(process.execPath, [TSC, '-p', join(ROOT, 'sdk')], ROOT);
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], join(ROOT, 'sdk')),
  ) as [{ filename: string }];
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'program', type: 'module', private: true }));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  await cp(join(import.meta.dirname, 'fixtures/program.ts'), join(folder, 'program.ts'));
  run('npm', ['install', '--no-audit', '--no-fund', `./${filename}`, '@types/node@20'], folder);
  run(process.execPath, [TSC, '-p', folder], folder);

  const program = spawn(process.execPath, [join(folder, 'out/program.js'), server.endpoint, server.token], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void program.kill());
  const lines: string[] = [];
  const shown = createInterface({ input: program.stdout });
  const line = (wanted: string): Promise<string> =>
    new Promise((resolve) => {
      const look = (text: string): void => {
        if (text.startsWith(wanted)) resolve(text);
      };
      for (const text of lines) look(text);
      shown.on('line', look);
    });
  shown.on('line', (text) => lines.push(text));
  const ended = once(shown, 'close');

  const agent = new SdkAgent(createSdk(server.client()), 'web1');
  await agent.register();
  const [, , runId = ''] = (await line('run ')).split(' ');
  await agent.perform(runId, {
    lines: ['1\n'],
    beforeEnd: async () => {
      await line('output 1');
      await server.restart();
    },
    lastLines: ['2\n', '3\n'],
  });
  await ended;
  expect(lines.filter((text) => text !== 'lost')).toEqual([
    'role ADMIN',
    'invalid key',
    'thrown UNAUTHENTICATED',
    `run WAITING ${runId}`,
    'output 1',
    'output 2',
    'output 3',
    'done',
  ]);
  expect(lines).toContain('lost');
}, 180_000);
