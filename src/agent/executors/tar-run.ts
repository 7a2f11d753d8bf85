import type { Readable } from 'node:stream';
import { type ProcessEnd, runProcess } from '../process.js';
import { systemTree } from '../process-tree.js';
import type { ExecutionContext, ExecutionResult, OutputStream } from './executor.js';
import { type TarTool, tarEnvironment } from './tar-tool.js';

/** How many of tar's complaints are kept for the closing message. */
const KEPT_COMPLAINTS = 3;

/** What tar did. */
export interface TarEnd extends ProcessEnd {
  /** Paths listed (with `verbose`). */
  readonly listed: number;
  /** The first complaints, without the program's name. */
  readonly complaints: readonly string[];
  readonly complaintCount: number;
  /** Directories that tar took for renamed ones. */
  readonly renamed: number;
}

/** Lines that follow from others and say nothing themselves. */
const EMPTY_TALK =
  /^(Exiting with failure status|Error is not recoverable|Child returned status|Skipping to next header)/;

/** Runs tar; its list of paths goes to stdout, its complaints to stderr. */
export async function runTar(
  tool: TarTool,
  args: readonly string[],
  context: ExecutionContext,
  pipes: { stdin?: Readable; bytes?: (chunk: Buffer) => Promise<void>; onListed?: () => void },
): Promise<TarEnd> {
  let listed = 0;
  let complaintCount = 0;
  let renamed = 0;
  const complaints: string[] = [];
  // Tar's own lines begin with the name it was called by, those of its list with a dot.
  const prefix = `${tool.command}: `;
  const output = (_stream: OutputStream, text: string) => {
    if (!text.startsWith(prefix)) {
      listed += 1;
      pipes.onListed?.();
      return context.output('stdout', text);
    }
    const complaint = text.slice(prefix.length).trimEnd();
    if (/: Directory has been renamed from /.test(complaint)) {
      renamed += 1;
      return;
    }
    if (/^Deleting /.test(complaint)) return context.output('stdout', `${complaint}\n`);
    if (!EMPTY_TALK.test(complaint)) {
      complaintCount += 1;
      if (complaints.length < KEPT_COMPLAINTS) complaints.push(complaint);
    }
    return context.output('stderr', text);
  };
  const end = await runProcess(
    {
      command: tool.command,
      args,
      cwd: context.workDir,
      env: tarEnvironment(context.env),
      runId: context.runId,
      signal: context.signal,
      output,
      ...(pipes.stdin ? { stdin: pipes.stdin } : {}),
      ...(pipes.bytes ? { bytes: pipes.bytes } : {}),
    },
    { ...systemTree, timers: context.timers },
  );
  return { ...end, listed, complaints, complaintCount, renamed };
}

/** The result when tar did not end well; null when it did (status 1: files changed while they were read, a warning). */
export function tarFailure(end: TarEnd, doing: string, tolerated: readonly number[]): ExecutionResult | null {
  const { exitCode } = end;
  if (end.aborted) return { ok: false, end: 'aborted', exitCode, message: `The ${doing} was aborted.` };
  if (exitCode !== null && tolerated.includes(exitCode)) return null;
  const how = exitCode === null ? `was ended by ${end.exitSignal ?? 'a signal'}` : `failed with status ${exitCode}`;
  const [first] = end.complaints;
  const more = end.complaintCount > 1 ? ` (and ${end.complaintCount - 1} more)` : '';
  const full = /: Wrote only \d+ of \d+ bytes$/.test(first ?? '') ? '; the disk is probably full' : '';
  const message = `The ${doing} failed: tar ${how}${first === undefined ? '' : `: ${first}${more}${full}`}.`;
  return { ok: false, end: 'finished', exitCode, message };
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size for people, for example `12.3 MiB`. */
export function sizeText(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`;
}

/** Tells of progress at most once a second. */
export function pacedProgress(context: ExecutionContext): ExecutionContext['progress'] {
  let last = Number.NEGATIVE_INFINITY;
  return (fraction, message) => {
    const now = context.clock.now();
    if (now - last < 1_000 && now >= last) return;
    last = now;
    context.progress(fraction, message);
  };
}
