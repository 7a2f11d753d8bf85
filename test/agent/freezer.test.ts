import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAction } from '../../src/agent/executors/action-keys.js';
import { freezerOptions } from '../../src/agent/executors/freezer-options.js';
import { iniObstacle, iniText, writeIni } from '../../src/agent/executors/ini.js';
import type { JsonObject } from '../../src/lib/json.js';

const options = (action: JsonObject) => freezerOptions(canonicalAction(action));

describe('the configuration file', () => {
  it('doubles per cent signs, indents further lines and keeps the rest', () => {
    expect(writeIni('action', { a: '100% "x" \'y\'', b: 'one\n\ntwo = 2', c: '', d: '#=;[x]' })).toBe(
      '[action]\na = 100%% "x" \'y\'\nb = one\n\t\n\ttwo = 2\nc =\nd = #=;[x]\n',
    );
  });

  it('writes booleans as Python does and lists with commas', () => {
    expect([true, false, 1.5, 'x', ['a', 1, true]].map(iniText)).toEqual(['True', 'False', '1.5', 'x', 'a,1,True']);
  });

  it.each([
    [' x', 'a blank at an end'],
    ['x\n', 'a blank at an end'],
    ['x \ny', 'a blank at the edge of a line'],
    ['x\n y', 'a blank at the edge of a line'],
    ['x\n#y', 'a line that begins with # or ;'],
    ['x\ry', 'a carriage return'],
    ['x\0y', 'a NUL character'],
    ['\ud800', 'half of a character'],
  ])('refuses %j, which Python would read back otherwise', (text, obstacle) => {
    expect(iniObstacle(text)).toBe(obstacle);
    expect(() => writeIni('action', { key: text })).toThrow(
      `freezer-agent's configuration file cannot hold ${obstacle}, which "key" has.`,
    );
  });

  it('never lets a value become a key or a section', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '=', '[', ']', ' ', '\t', '%', ':', '#') }), (text) => {
        if (iniObstacle(text) !== null) return;
        const lines = writeIni('action', { key: text }).split('\n');
        expect(lines.slice(2, -1).every((line) => line.startsWith('\t') || line === '')).toBe(true);
      }),
    );
  });

  it.each(['a b', '[x]', 'a=b', 'a\nb', '#x', ''])('refuses the key %j', (key) => {
    expect(() => writeIni('action', { [key]: 'x' })).toThrow('takes no option named');
  });
});

describe('the options of freezer-agent', () => {
  it("are spelled today's way", () => {
    const seed = {
      action: 'backup',
      mode: 'fs',
      src_file: '/home/x',
      'backup-name': 'n',
      container: 'c',
      max_backup_level: 3,
      always_backup_level: 2,
      restart_always_backup: '2.5',
      no_incremental: false,
      encrypt_pass_file: '/key',
      hostname: false,
      max_cpu_priority: false,
      engine: 'tar',
      log_file: null,
      exclude: ['*.log', '*.tmp'],
    };
    expect(options(seed)).toEqual({
      values: {
        action: 'backup',
        mode: 'fs',
        path_to_backup: '/home/x',
        backup_name: 'n',
        container: 'c',
        encrypt_pass_file: '/key',
        hostname: 'False',
        max_priority: 'False',
        engine_name: 'tar',
        no_incremental: 'False',
        exclude: '*.log,*.tmp',
        storage: 'swift',
        use_stderr: 'True',
      },
      args: ['--max-level', '3', '--always-level', '2', '--restart-always-level', '2.5'],
    });
  });

  it('prefer the new spelling to the old, and name a host to restore from', () => {
    expect(
      canonicalAction({ src_file: '/old', path_to_backup: '/new', 'restore-from-host': 'h', no_overwrite: true }),
    ).toEqual({
      path_to_backup: '/new',
      hostname: 'h',
      overwrite: false,
    });
  });

  it('say incremental or not as the mode wants it', () => {
    const said = (action: JsonObject) => {
      const { incremental, no_incremental } = options(action).values;
      return { incremental, no_incremental };
    };
    expect(said({ mode: 'fs', incremental: false })).toEqual({ no_incremental: 'True' });
    expect(said({ mode: 'fs', incremental: true })).toEqual({});
    expect(said({ mode: 'fs', no_incremental: true })).toEqual({ no_incremental: 'True' });
    expect(said({ mode: 'cindernative', no_incremental: true })).toEqual({ incremental: 'False' });
    expect(said({ cindernative_vol_id: 'v', incremental: true })).toEqual({ incremental: 'True' });
  });

  it.each([
    { max_level: 0 },
    { max_level: '0', no_incremental: false },
    { max_level: 3, always_level: 0, restart_always_level: 2, incremental: true },
    { no_incremental: true, max_level: 3, always_level: 2, restart_always_level: 1 },
    { incremental: false, max_level: 3 },
  ])('say that every backup is full without the level keys: %j', (action) => {
    const { values, args } = options({ mode: 'fs', timeout: 9, ...action });
    expect(values).toEqual({
      action: 'backup',
      mode: 'fs',
      no_incremental: 'True',
      storage: 'swift',
      use_stderr: 'True',
    });
    expect(args).toEqual(['--timeout', '9']);
    expect(options({ mode: 'cindernative', ...action })).toMatchObject({ values: { incremental: 'False' }, args: [] });
  });

  it('take a container that is a path for local storage', () => {
    expect(options({ container: '/backups' }).values.storage).toBe('local');
    expect(options({ container: 'backups' }).values.storage).toBe('swift');
    expect(options({ container: '/backups', storage: 'ssh' }).values.storage).toBe('ssh');
  });

  it('escape what stands in a shell command, or refuse it', () => {
    expect(options({ exclude: '"; touch $(id) `x` \\' }).values.exclude).toBe('\\"; touch \\$(id) \\`x\\` \\\\');
    expect(() => options({ encrypt_pass_file: '/key; id' })).toThrow(/puts "encrypt_pass_file" into a shell command/);
    expect(() => options({ lvm_snapname: '$(id)' })).toThrow(/puts "lvm_snapname" into a shell command/);
    expect(() => options({ mode: 'fs.x' })).toThrow('"mode" must be a word.');
    expect(() => options({ 'log-config-append': '/x' })).toThrow('"log_config_append" is not for jobs to set.');
    expect(() => options({ path: { a: 1 } })).toThrow('"path" must be a text, a number');
  });
});
