import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext, ExecutionResult, Executor } from '../../src/agent/executors/executor.js';
import { runAction } from '../../src/agent/executors/run-action.js';
import { systemTimers, type Timers } from '../../src/agent/timers.js';
import type { JsonObject } from '../../src/lib/json.js';

/** Delays of the host, those above a second a hundred times shorter. */
const hastyTimers: Timers = {
  after: (ms, callback) => systemTimers.after(ms > 1000 ? ms / 100 : ms, callback),
};

/** A directory and a clock of its own in which executors run. */
export interface Host {
  readonly root: string;
  readonly output: string[];
  readonly progress: [number | null, string][];
  abort: AbortController;
  /** Epoch milliseconds; moves only when the test moves it. */
  now: number;
  env: Record<string, string | undefined>;
  /** Called with each piece of output. */
  onOutput: (text: string) => void;
  path(...names: string[]): string;
  run(executors: readonly Executor[], action: JsonObject, timeoutMs?: number): Promise<ExecutionResult>;
  remove(): Promise<void>;
}

let hosts = 0;

export async function makeHost(): Promise<Host> {
  const root = await mkdtemp(join(tmpdir(), 'orrery-agent-'));
  hosts += 1;
  let actions = 0;
  const runId = `host-${process.pid}-${hosts}`;
  const host: Host = {
    root,
    output: [],
    progress: [],
    abort: new AbortController(),
    now: Date.parse('2026-03-01T12:00:00Z'),
    env: { PATH: process.env.PATH, HOME: root },
    onOutput: () => undefined,
    path: (...names) => join(root, ...names),
    async run(executors, action, timeoutMs) {
      actions += 1;
      const workDir = join(root, `work-${actions}`);
      await mkdir(workDir);
      const context: ExecutionContext = {
        runId,
        signal: host.abort.signal,
        workDir,
        env: host.env,
        clock: { now: () => host.now },
        timers: hastyTimers,
        output: (_stream, text) => {
          host.output.push(text);
          host.onOutput(text);
        },
        progress: (fraction, message) => {
          host.progress.push([fraction, message]);
        },
      };
      const limit = timeoutMs === undefined ? {} : { timeoutMs };
      return runAction({ action, context, ...limit }, { available: executors, unavailable: [] });
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
  return host;
}

/** Everything about a tree that a restore must bring back, by path. */
export async function describeTree(root: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  const links = new Map<number, string>();
  const walk = async (path: Buffer, shown: string): Promise<void> => {
    const stat = await lstat(path, { bigint: true });
    const common = `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${stat.mtimeNs}`;
    if (stat.isSymbolicLink()) {
      tree[shown] = `link ${stat.uid} -> ${(await readlink(path, 'buffer')).toString('hex')}`;
    } else if (stat.isDirectory()) {
      tree[shown] = `directory ${common}`;
      for (const name of (await readdir(path, { encoding: 'buffer' })).sort(Buffer.compare)) {
        await walk(Buffer.concat([path, Buffer.from('/'), name]), `${shown}/${name.toString('latin1')}`);
      }
    } else {
      const first = links.get(Number(stat.ino)) ?? shown;
      links.set(Number(stat.ino), first);
      const text = stat.isFile() ? (await readFile(path)).toString('hex') : '';
      tree[shown] = `file ${common} ${stat.size} ${stat.nlink > 1n ? `same as ${first}` : ''} ${text.slice(0, 4000)}`;
    }
  };
  await walk(Buffer.from(root), '.');
  return tree;
}
