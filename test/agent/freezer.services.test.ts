import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freezerExecutor, probeFreezer } from '../../src/agent/executors/freezer.js';
import { iniObstacle, writeIni } from '../../src/agent/executors/ini.js';
import type { JsonObject } from '../../src/lib/json.js';
import { describeTree, type Host, makeHost } from './host.js';

const PYTHON = '/usr/bin/python3';
const env = { PATH: process.env.PATH, HOME: '/tmp' };
const { available, reason } = await probeFreezer(env);
const parser = `
import configparser, json, sys
for line in sys.stdin:
    parser = configparser.ConfigParser()
    parser.read_string(json.loads(line))
    print(json.dumps(dict(parser['action'])))
`;

describe.skipIf(!existsSync(PYTHON))(
  `Python's ConfigParser${existsSync(PYTHON) ? '' : ' (skipped: no python3)'}`,
  () => {
    it('reads back exactly what the INI writer writes', () => {
      const text = fc.oneof(
        fc.string({
          unit: fc.constantFrom('a', '%', '\n', '=', ':', '[', ']', '#', ';', '"', "'", '(', ')', 's', ' ', '\t', '$'),
        }),
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'binary' }),
      );
      const key = fc.stringMatching(/^[a-z_][a-z0-9_]{0,10}$/);
      const documents = fc
        .sample(fc.dictionary(key, text, { maxKeys: 6 }), 1500)
        .map((values) => Object.fromEntries(Object.entries(values).filter(([, value]) => iniObstacle(value) === null)));
      const input = documents.map((values) => JSON.stringify(writeIni('action', values))).join('\n');
      const { stdout } = spawnSync(PYTHON, ['-c', parser], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
      const read = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(read).toEqual(documents);
      expect(
        documents.flatMap((values) => Object.values(values)).filter((value) => value.includes('\n')).length,
      ).toBeGreaterThan(20);
    });
  },
);

const KILLED = 'freezer-agent was ended by SIGKILL.';

/** The processes that have a text in their command line. */
function processesOf(text: string): { pid: number; args: string[] }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return command.includes(text) ? [{ pid: Number(pid), args: command.split('\0') }] : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

/** freezer-agent itself, without what it has started. */
const agentsOf = (root: string): number[] =>
  processesOf(root).flatMap(({ pid, args }) => (args.some((one) => one.endsWith('freezer-agent')) ? [pid] : []));

/** freezer-agent keeps times to the second. */
function wholeSeconds(tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).map(([path, text]) => [path, text.replace(/( \d{10})\d{9}/, '$1')]));
}

describe.skipIf(!available)(`the real freezer-agent${available ? '' : ` (skipped: ${reason})`}`, () => {
  let host: Host;
  let source: string;
  const freezer = freezerExecutor(env);

  beforeEach(async () => {
    host = await makeHost();
    source = host.path('100% "source"\nof \'x\' $(touch injected) `id`');
    await mkdir(join(source, 'sub'), { recursive: true });
    await writeFile(join(source, 'a%s.txt'), 'alpha');
    await writeFile(join(source, 'sub', 'skip me.log'), 'skipped');
  });
  afterEach(() => host.remove());

  const base = (): JsonObject => ({
    mode: 'fs',
    storage: 'local',
    container: host.path('store "100%"\n$(touch injected)'),
    backup_name: 'na%me "x"\nsecond \'line\'',
    log_file: host.path('freezer %d.log'),
    hostname: false,
    dry_run: false,
    'ignored-list': ['a', 1, true],
    nothing: null,
  });

  it('backs up in levels and restores, whatever the values hold', async () => {
    const backup = {
      ...base(),
      action: 'backup',
      src_file: source,
      max_backup_level: 2,
      no_incremental: false,
      exclude: '*.log',
    };
    expect(await host.run([freezer], backup), host.output.join('')).toMatchObject({
      ok: true,
      exitCode: 0,
      summary: { action: 'backup', path_to_backup: source, max_level: 2, backup_name: base().backup_name },
    });
    expect(host.output.join('')).toContain('Tar engine stream completed');
    await writeFile(join(source, 'b'), 'beta');
    expect(await host.run([freezer], backup), host.output.join('')).toMatchObject({ ok: true });
    const target = host.path('restored $(touch injected) "100%"');
    const restore = { ...base(), action: 'restore', 'restore-abs-path': target };
    expect(await host.run([freezer], restore), host.output.join('')).toMatchObject({ ok: true });
    const { './sub/skip me.log': _, ...expected } = await describeTree(source);
    expect(wholeSeconds(await describeTree(target))).toEqual(wholeSeconds(expected));
    expect(execFileSync('find', [host.root, '-name', 'injected']).toString()).toBe('');
    expect(await freezer.holds({ ...base(), hostname: false })).toBe(true);
    expect(await freezer.holds({ ...base(), backup_name: 'another' })).toBe(false);
  });

  it('refuses to restore where something is, as it says itself', async () => {
    const action = { ...base(), action: 'restore', restore_abs_path: source };
    const result = await host.run([freezer], action);
    expect(result).toMatchObject({ ok: false, exitCode: 1 });
    expect(result.message).toMatch(/^freezer-agent failed with status 1: Restore dir is not empty\./);
  });

  it('shows no secret', async () => {
    host.env = { ...host.env, NAME: 'hush-hush' };
    const backup = { ...base(), action: 'backup', path_to_backup: source, backup_name: { secret: 'env:NAME' } };
    const result = await host.run([freezer], backup);
    expect(result).toMatchObject({ ok: true });
    expect(JSON.stringify([result, host.output])).not.toContain('hush-hush');
    expect(JSON.stringify(result)).toContain('********');
  });

  it('makes each backup a whole one at level 0', async () => {
    const backup = { ...base(), action: 'backup', path_to_backup: source, max_level: 0 };
    for (const name of ['first', 'second']) {
      await writeFile(join(source, name), name);
      const result = await host.run([freezer], backup);
      expect(result, host.output.join('')).toMatchObject({ ok: true, summary: { curr_backup_level: 0 } });
    }
    const target = host.path('restored');
    const restore = { ...base(), action: 'restore', restore_abs_path: target };
    expect(await host.run([freezer], restore), host.output.join('')).toMatchObject({ ok: true });
    expect(wholeSeconds(await describeTree(target))).toEqual(wholeSeconds(await describeTree(source)));
  });

  it('that is killed fails and says so, leaves nothing running, and goes on with the next backup', async () => {
    const backup = { ...base(), action: 'backup', path_to_backup: source, max_level: 3 };
    let killed = 0;
    host.onOutput = () => {
      if (killed > 0) return;
      for (const pid of agentsOf(host.root)) {
        process.kill(pid, 'SIGKILL');
        killed += 1;
      }
    };
    const result = await host.run([freezer], backup);
    expect(killed).toBe(1);
    expect(result).toEqual({ ok: false, end: 'finished', exitCode: null, message: KILLED });
    expect(processesOf(host.root)).toEqual([]);
    host.onOutput = () => undefined;
    expect(await host.run([freezer], backup), host.output.join('')).toMatchObject({ ok: true, exitCode: 0 });
    const target = host.path('restored');
    const restore = { ...base(), action: 'restore', restore_abs_path: target };
    expect(await host.run([freezer], restore), host.output.join('')).toMatchObject({ ok: true });
    expect(wholeSeconds(await describeTree(target))).toEqual(wholeSeconds(await describeTree(source)));
  });

  it('is ended by an abort', async () => {
    host.onOutput = () => host.abort.abort();
    const result = await host.run([freezer], { ...base(), action: 'backup', path_to_backup: source });
    expect(result).toMatchObject({ ok: false, end: 'aborted' });
    expect(await readdir(host.path())).not.toContain('injected');
  });
});
