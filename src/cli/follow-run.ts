import type { OrrerySdk, OutputPieceFragment, RunLineFragment } from '@orrery/sdk';
import { type CommandContext, liveCursor, type ServerOptions } from './command.js';
import { CliFailure, EXIT } from './failure.js';
import { instantText } from './output/cell.js';
import { rowWriter } from './output/format.js';
import { type Progress, progressOn } from './output/progress.js';
import { shown } from './output/text.js';
import { secondsBetween } from './rows/run.js';

const OUTPUT_COLUMNS = ['at', 'task', 'attempt', 'stream', 'text'];

/** How a run's output is shown. */
export interface OutputFlags extends ServerOptions {
  readonly timestamps?: boolean;
}

/** What a foreign host wrote, for a person's terminal: it may not steer it. Line ends and tabs stay. */
function harmless(text: string): string {
  return Array.from(text.replaceAll('\r\n', '\n').replaceAll('\r', '\n'), (char) => {
    const code = char.charCodeAt(0);
    const control = (code < 32 && char !== '\n' && char !== '\t') || (code >= 127 && code < 160);
    return control ? `\\x${code.toString(16).padStart(2, '0')}` : char;
  }).join('');
}

/** Writes pieces of output: as the host wrote them, or as rows for programs. */
export function outputWriter(
  { terminal }: Pick<CommandContext, 'terminal'>,
  flags: OutputFlags,
): (piece: OutputPieceFragment) => void {
  const rows = rowWriter(terminal, flags, OUTPUT_COLUMNS);
  let section = '';
  return (piece) => {
    const task = piece.task?.name ?? '-';
    if (flags.output !== 'table') {
      rows([{ at: new Date(piece.at), task, attempt: piece.attempt, stream: piece.stream, text: piece.text }]);
      return;
    }
    const name = piece.attempt > 1 ? `${task}, try ${piece.attempt}` : task;
    if (name !== section) terminal.err(`== ${name}\n`);
    section = name;
    if (piece.cut) terminal.err(`== ${piece.cut.bytes} bytes (${piece.cut.lines} lines) are missing here\n`);
    const text = terminal.interactive ? harmless(piece.text) : piece.text;
    terminal.out(flags.timestamps ? stamped(text, new Date(piece.at), flags) : text);
  };
}

function stamped(text: string, at: Date, flags: OutputFlags): string {
  const stamp = instantText(at, { utc: flags.utc === true });
  return text.replace(/^(?=[^\n]|\n)/gm, `${stamp}  `);
}

type LiveRun = RunLineFragment & { readonly nextAttemptAt: string | null };
type Change = Pick<LiveRun, 'state' | 'nextAttemptAt'>;

/** What a run waits for, in a few words; null when it runs. */
export function waitText(run: RunLineFragment, change: Change, flags: Pick<ServerOptions, 'utc'>): string | null {
  if (change.state === 'BUFFERED') return 'waits for the run before it to end';
  if (change.state === 'WAITING') {
    const where = run.waitReason === 'CLIENT_BUSY' ? 'at its limit of runs' : run.clientState.toLowerCase();
    return `waits for the client ${run.clientKey} (${where})`;
  }
  if (change.nextAttemptAt === null) return null;
  return `waits for its next try at ${instantText(new Date(change.nextAttemptAt), { utc: flags.utc === true })}`;
}

/** Tells where a run stands: as it is now, and as it was when it changed. */
type ShowState = (run: LiveRun, change: Change) => void;

/** On a terminal: one line that is kept true. */
function stateOnLine(progress: Progress, flags: OutputFlags): ShowState {
  return (run) => {
    const part = run.state === 'RUNNING' && run.progress > 0 ? run.progress / 100 : null;
    const text = waitText(run, run, flags) ?? run.message ?? 'runs';
    progress.show(part, `Run ${run.number} of ${run.name} ${text}`);
  };
}

/** In a log: a line on standard error for each change of state. */
function stateInLines({ terminal }: Pick<CommandContext, 'terminal'>, flags: OutputFlags): ShowState {
  let told = '';
  return (run, change) => {
    if (change.state === 'ENDED') return;
    const text = waitText(run, change, flags) ?? 'runs';
    if (text !== told) terminal.err(`Run ${run.number} of ${run.name} ${shown(text)}\n`);
    told = text;
  };
}

/** Tells of a run's changes after a cursor, until it has ended. */
async function followState(
  sdk: OrrerySdk,
  runId: string,
  after: string,
  show: ShowState,
  signal: AbortSignal,
): Promise<void> {
  for await (const { runChanged } of sdk.runChanged({ filter: { runIds: [runId] }, after }, signal)) {
    if (runChanged.run) show(runChanged.run, runChanged);
    if (runChanged.state === 'ENDED') return;
  }
}

/** How a run ended, in one line. */
function endText(run: RunLineFragment): string {
  const seconds = secondsBetween(run.timeStart, run.timeEnd);
  const time = seconds === null ? '' : ` after ${seconds} s`;
  return `Run ${run.number} of ${run.name}: ${run.result ?? run.state}${time}${run.reason ? ` (${run.reason})` : ''}`;
}

/** Tells how a run ended. Throws CliFailure with exit code 1 for anything but SUCCESS. */
function tellEnd({ terminal }: Pick<CommandContext, 'terminal'>, run: RunLineFragment): void {
  if (run.state === 'ENDED' && run.result !== 'SUCCESS') throw new CliFailure(endText(run), EXIT.FAILED);
  terminal.err(`${endText(run)}\n`);
}

/**
 * Shows a run's output from its beginning, live, until the run has ended: with its state in a line below while a person
 * watches, in lines of their own where none does. Throws CliFailure with exit code 1 when it ended as anything but
 * SUCCESS. Ends early, and says what goes on, with the context's signal.
 */
export async function followRun(
  sdk: OrrerySdk,
  context: CommandContext,
  flags: OutputFlags,
  begun: Pick<RunLineFragment, 'id' | 'number' | 'name'>,
): Promise<void> {
  const progress = progressOn(context.terminal);
  const broken = new AbortController();
  const write = outputWriter(context, flags);
  const show = context.terminal.progress ? stateOnLine(progress, flags) : stateInLines(context, flags);
  // The cursor first, then the state: no change falls between them.
  const after = await liveCursor(sdk);
  const { run: now } = await sdk.run({ id: begun.id });
  if (now) show(now, now);
  const signal = AbortSignal.any([broken.signal, context.signal]);
  const state = !now || now.state === 'ENDED' ? null : followState(sdk, begun.id, after, show, signal);
  try {
    for await (const { runOutputAppended } of sdk.runOutputAppended({ runId: begun.id }, context.signal)) {
      progress.above(() => write(runOutputAppended.output));
    }
    await state;
  } finally {
    broken.abort();
    await state;
    progress.clear();
  }
  if (context.signal.aborted) {
    context.terminal.err(
      `Run ${begun.number} goes on. Watch it: orrery run watch ${begun.number}   End it: orrery job abort ${begun.name}\n`,
    );
    return;
  }
  const { run } = await sdk.run({ id: begun.id });
  if (run) tellEnd(context, run);
}
