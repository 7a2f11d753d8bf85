import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ExpectedError } from '../lib/errors.js';
import { SECOND } from '../lib/time.js';
import type { OutputStream } from './executors/executor.js';
import { lineSplitter } from './lines.js';
import { RUN_MARKER, startOf } from './process-table.js';
import { endTree, systemTree, type TreeTools } from './process-tree.js';

/** A child process to run. Arguments go to the program as they are; no shell is between. */
export interface ProcessRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Marks the child and all that it starts. */
  readonly runId: string;
  readonly signal: AbortSignal;
  /** Fed to the child; absent: nothing. */
  readonly stdin?: Readable;
  /** Takes lines with their ends, or pieces of overlong lines; a promise holds the child back. */
  readonly output: (stream: OutputStream, text: string) => void | Promise<void>;
  /** Takes the bytes of stdout instead of `output`; when it fails, the child is ended and the failure thrown. */
  readonly bytes?: (chunk: Buffer) => void | Promise<void>;
}

/** How a child ended. */
export interface ProcessEnd {
  /** Whether it was ended because the run is over. */
  readonly aborted: boolean;
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly exitSignal: NodeJS.Signals | null;
  /** How many processes the child had left running when it exited by itself; they were ended. */
  readonly leftovers: number;
  /** Pids that could not be ended (another user's, or stuck in the kernel). */
  readonly survivors: readonly number[];
}

/** The program could not be started. */
export class SpawnError extends ExpectedError {
  constructor(command: string, reason: string) {
    super('UNAVAILABLE', `${command} cannot be started: ${reason}.`);
  }
}

/** How long what a child leaves behind may take to end by itself, for example a `tee` that writes its last lines. */
const LEFTOVER_PATIENCE = 2 * SECOND;

const SPAWN_REASONS: Record<string, string> = {
  ENOENT: 'there is no such program (or its working directory is gone)',
  EACCES: 'it is not executable for this user',
  E2BIG: 'its arguments are too long',
  EAGAIN: 'this host has no process to spare',
  ENOMEM: 'this host has no memory to spare',
};

function spawnError(command: string, error: unknown): SpawnError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new SpawnError(command, SPAWN_REASONS[code] ?? String(error));
}

async function readLines(stream: Readable, name: OutputStream, output: ProcessRequest['output']): Promise<void> {
  const lines = lineSplitter();
  for await (const chunk of stream) for (const line of lines.push(chunk)) await output(name, line);
  for (const line of lines.end()) await output(name, line);
}

async function readBytes(stream: Readable, take: (chunk: Buffer) => void | Promise<void>): Promise<void> {
  for await (const chunk of stream) await take(chunk);
}

/** A child that stops reading early says why by its exit status: a broken pipe is not our failure. */
async function feed(source: Readable, child: ChildProcess): Promise<void> {
  if (!child.stdin) return;
  await pipeline(source, child.stdin).catch((error: NodeJS.ErrnoException) => {
    if (!['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'].includes(error.code ?? '')) {
      throw error;
    }
  });
}

function start(request: ProcessRequest): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const env = { ...request.env, [RUN_MARKER]: request.runId };
    const stdin = request.stdin ? 'pipe' : 'ignore';
    try {
      const child = spawn(request.command, [...request.args], {
        cwd: request.cwd,
        env,
        detached: true,
        stdio: [stdin, 'pipe', 'pipe'],
      });
      child.once('spawn', () => resolve(child));
      child.once('error', (error) => reject(spawnError(request.command, error)));
    } catch (error) {
      reject(spawnError(request.command, error));
    }
  });
}

/** A promise that can be resolved from outside. */
function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/**
 * Runs a child in its own process group and resolves when neither it nor anything that it started runs any more. Abort
 * ends the whole tree (TERM, after ten seconds KILL); so is what a child leaves behind at its own end.
 * @throws SpawnError when the program cannot be started; what `output`, `bytes` or `stdin` throw.
 */
export async function runProcess(request: ProcessRequest, tools: TreeTools = systemTree): Promise<ProcessEnd> {
  if (request.signal.aborted) return { aborted: true, exitCode: null, exitSignal: null, leftovers: 0, survivors: [] };
  const child = await start(request);
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const stop = latch();
  // Before anything is awaited: at a child's exit Node throws away what nobody reads.
  const failures: unknown[] = [];
  const guard = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      failures.push(error);
      stop.open();
    });
  const streams = Promise.all([
    guard(
      request.bytes
        ? readBytes(child.stdout as Readable, request.bytes)
        : readLines(child.stdout as Readable, 'stdout', request.output),
    ),
    guard(readLines(child.stderr as Readable, 'stderr', request.output)),
    request.stdin ? guard(feed(request.stdin, child)) : undefined,
  ]);

  const known = new Map<number, string>();
  const pid = child.pid ?? 0;
  // Even one that has ended already led a group in which others may live.
  known.set(pid, (await startOf(pid, tools.list)) ?? '');

  request.signal.addEventListener('abort', stop.open, { once: true });
  if (request.signal.aborted) stop.open();

  try {
    await Promise.race([exit, stop.opened]);
    const exited = child.exitCode !== null || child.signalCode !== null;
    const tree = await endTree(new Set([request.runId]), known, tools, exited ? LEFTOVER_PATIENCE : 0);
    const failed = failures.length > 0;
    // What survives may hold the pipes open for ever.
    if (tree.survivors.length > 0) for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    await streams;
    if (failed || (failures.length > 0 && tree.survivors.length === 0)) throw failures[0];
    const { code, signal } = tree.survivors.includes(pid) ? { code: null, signal: null } : await exit;
    return {
      aborted: !exited && request.signal.aborted,
      exitCode: code,
      exitSignal: signal,
      leftovers: exited ? tree.signalled : 0,
      survivors: tree.survivors,
    };
  } finally {
    request.signal.removeEventListener('abort', stop.open);
  }
}
