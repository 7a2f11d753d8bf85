import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProcessRequest, runProcess, SpawnError } from '../../src/agent/process.js';
import { listFromProc, listFromPs, listProcesses, parsePsLine, RUN_MARKER } from '../../src/agent/process-table.js';
import { killLeftovers, systemTree, type TreeTools } from '../../src/agent/process-tree.js';
import { systemTimers } from '../../src/agent/timers.js';

/** The host, but its long delays are a hundred times shorter. */
const hasty: TreeTools = {
  ...systemTree,
  timers: { after: (ms, callback) => systemTimers.after(ms > 1000 ? ms / 100 : ms, callback) },
};

let directory: string;
let runId: string;
let count = 0;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'orrery-process-'));
  count += 1;
  runId = `test-${process.pid}-${count}`;
});

afterEach(async () => {
  await killLeftovers([runId], hasty);
  await rm(directory, { recursive: true, force: true });
});

interface Watched {
  readonly request: ProcessRequest;
  readonly abort: AbortController;
  readonly lines: string[];
  /** Resolves when such a line came. */
  seen(line: string): Promise<void>;
}

function shell(script: string, more: Partial<ProcessRequest> = {}): Watched {
  const abort = new AbortController();
  const lines: string[] = [];
  const waiting = new Map<string, () => void>();
  const request: ProcessRequest = {
    command: '/bin/sh',
    args: ['-c', script],
    cwd: directory,
    env: { PATH: process.env.PATH },
    runId,
    signal: abort.signal,
    output: (stream, text) => {
      lines.push(`${stream}: ${text}`);
      waiting.get(text.trim())?.();
    },
    ...more,
  };
  const seen = (line: string) => new Promise<void>((resolve) => waiting.set(line, resolve));
  return { request, abort, lines, seen };
}

async function alive(): Promise<number> {
  return (await listProcesses()).filter((entry) => entry.runId === runId).length;
}

describe('running a child', () => {
  it('gives its lines and its exit status', async () => {
    const { request, lines } = shell('echo out; echo err >&2; printf tail; exit 7');
    const end = await runProcess(request);
    expect(end).toEqual({ aborted: false, exitCode: 7, exitSignal: null, leftovers: 0, survivors: [] });
    expect(lines.sort()).toEqual(['stderr: err\n', 'stdout: out\n', 'stdout: tail']);
  });

  it('passes arguments as they are', async () => {
    const args = ['$(id)', '"', "'", '-n', 'a\nb', '%s', ''];
    const { request, lines } = shell('', { args: ['-c', 'printf "<%s>" "$@"', 'sh', ...args] });
    await runProcess(request);
    const text = lines.map((line) => line.slice('stdout: '.length)).join('');
    expect(text).toBe(args.map((argument) => `<${argument}>`).join(''));
  });

  it('feeds stdin, and a child that stops reading is no failure', async () => {
    const { request, lines } = shell('head -c 3', { stdin: Readable.from(['abcdef', 'x'.repeat(1_000_000)]) });
    expect((await runProcess(request)).exitCode).toBe(0);
    expect(lines).toEqual(['stdout: abc']);
  });

  it('names what cannot be started', async () => {
    const { request } = shell('', { command: '/does/not/exist' });
    await expect(runProcess(request)).rejects.toThrow(SpawnError);
    await expect(runProcess({ ...request, args: ['a\0b'] })).rejects.toThrow(SpawnError);
  });

  it('holds a child back until its output is taken', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let pieces = 0;
    const { request } = shell('yes "$(printf %01999d 0)" | head -c 20000000; touch finished', {
      output: async () => {
        pieces += 1;
        if (pieces === 1) {
          await once(spawn('/bin/true'), 'exit');
          expect(existsSync(join(directory, 'finished'))).toBe(false);
          open();
        }
        await gate;
      },
    });
    await runProcess(request);
    expect(pieces).toBe(10_000);
  });

  it('cuts a line without end into bounded pieces', async () => {
    let longest = 0;
    let total = 0;
    const { request } = shell('head -c 30000000 /dev/zero | tr "\\0" x', {
      output: (_stream, text) => {
        longest = Math.max(longest, text.length);
        total += text.length;
      },
    });
    await runProcess(request);
    expect(total).toBe(30_000_000);
    expect(longest).toBeLessThanOrEqual(64 * 1024);
  });

  it('ends the child when its output cannot be kept, and says why', async () => {
    const { request } = shell('yes', {
      bytes: () => {
        throw new Error('no room');
      },
    });
    await expect(runProcess(request, hasty)).rejects.toThrow('no room');
    expect(await alive()).toBe(0);
  });
});

describe('ending a child', () => {
  it('does not start one for a run that is over', async () => {
    const { request, abort } = shell('touch started');
    abort.abort();
    expect((await runProcess(request)).aborted).toBe(true);
    expect(existsSync(join(directory, 'started'))).toBe(false);
  });

  it('abort kills a stubborn process tree', async () => {
    const stubborn =
      "trap '' TERM; (trap '' TERM; setsid sh -c \"trap '' TERM; sleep 1000\" & sleep 1000) & echo ready";
    const { request, abort, seen } = shell(`${stubborn}; sleep 1000; sleep 1000`);
    const ready = seen('ready');
    const end = runProcess(request, hasty);
    await ready;
    abort.abort();
    expect(await end).toMatchObject({ aborted: true, survivors: [] });
    expect(await alive()).toBe(0);
  });

  it('lets a child end in its own way on TERM', async () => {
    const { request, abort, seen, lines } = shell(
      "trap 'echo tidy; exit 3' TERM; echo ready; while :; do sleep 0.05; done",
    );
    const ready = seen('ready');
    const end = runProcess(request);
    await ready;
    abort.abort();
    expect(await end).toMatchObject({ aborted: true, exitCode: 3 });
    expect(lines).toContain('stdout: tidy\n');
  });

  it('ends what a child leaves running, even with its pipes open and its environment cleared', async () => {
    const { request } = shell('setsid sleep 1000 & env -i sleep 1000 & echo done; exit 0');
    expect(await runProcess(request, hasty)).toMatchObject({ aborted: false, exitCode: 0, leftovers: 2 });
    expect(await alive()).toBe(0);
  });

  it('finds what a killed agent left, by the mark alone', async () => {
    spawn('sh', ['-c', 'exec setsid sh -c "touch up; sleep 1000"'], {
      cwd: directory,
      detached: true,
      stdio: 'ignore',
      env: { PATH: process.env.PATH, [RUN_MARKER]: runId },
    });
    const changes = watch(directory, { signal: AbortSignal.timeout(20_000) });
    if (!existsSync(join(directory, 'up'))) for await (const _ of changes) if (existsSync(join(directory, 'up'))) break;
    const told: [number, readonly string[]][] = [];
    const toldBefore: boolean[] = [];
    const tools = {
      ...hasty,
      signal: (...[pid, name]: Parameters<typeof hasty.signal>) => {
        toldBefore.push(told.length > 0);
        return hasty.signal(pid, name);
      },
    };
    const tell = (count: number, runs: readonly string[]) => told.push([count, runs]);
    expect(await killLeftovers(['another', runId], tools, tell)).toMatchObject({ survivors: [] });
    expect(await alive()).toBe(0);
    expect(told).toEqual([[expect.any(Number), [runId]]]);
    expect(toldBefore).not.toContain(false);
    await killLeftovers(['another', runId], tools, tell);
    expect(told).toHaveLength(1);
  });
});

describe('the process table', () => {
  it('reads the same from ps as from /proc', async () => {
    const { request, abort } = shell('sleep 1000 & wait');
    const end = runProcess(request);
    const marked = async (list: typeof listFromPs) =>
      (await list()).filter((entry) => entry.runId === runId).map(({ pid, parent, group }) => ({ pid, parent, group }));
    // In the middle of its exec a process has no environment.
    await expect.poll(() => marked(listFromPs), { timeout: 60_000 }).toHaveLength(2);
    expect(await marked(listFromPs)).toEqual(await marked(listFromProc));
    abort.abort();
    await end;
  });

  it('passes over zombies and strange lines', () => {
    expect(parsePsLine('  12     1    12 Z+   Sat Nov 21 09:00:00 2026 [sh] <defunct>')).toBeNull();
    expect(parsePsLine('nonsense')).toBeNull();
    expect(parsePsLine(` 12 1 12 S  Sat Nov  1 09:00:00 2026 sh -c x ${RUN_MARKER}=r1 A=b`)).toEqual({
      pid: 12,
      parent: 1,
      group: 12,
      started: 'Sat Nov  1 09:00:00 2026',
      runId: 'r1',
    });
  });
});
