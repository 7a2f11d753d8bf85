import type { OrrerySdk, OutputPieceFragment, RunLineFragment } from '@orrery/sdk';
import type { CommandContext, ServerOptions } from './command.js';
import { CliFailure, EXIT } from './failure.js';
import { instantText } from './output/cell.js';
import { rowWriter } from './output/format.js';
import { type Progress, progressOn } from './output/progress.js';
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

/** What a run waits for, or how far it is, in one line. */
function stateText(run: RunLineFragment): string {
  if (run.state === 'BUFFERED') return 'waits for the run before it to end';
  if (run.state === 'WAITING') return `waits for the client ${run.clientKey} (${run.clientState.toLowerCase()})`;
  return run.message ?? 'runs';
}

function showState(progress: Progress, run: RunLineFragment): void {
  const part = run.state === 'RUNNING' && run.progress > 0 ? run.progress / 100 : null;
  progress.show(part, `Run ${run.number} of ${run.name} ${stateText(run)}`);
}

/** Keeps the progress line true while a run is followed. */
async function followState(sdk: OrrerySdk, runId: string, progress: Progress, signal: AbortSignal): Promise<void> {
  for await (const { runChanged } of sdk.runChanged({ filter: { runIds: [runId] } }, signal)) {
    if (runChanged.run) showState(progress, runChanged.run);
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
 * Shows a run's output from its beginning, live, until the run has ended; with the state below it while a person
 * watches. Throws CliFailure with exit code 1 when it ended as anything but SUCCESS. Ends early, and says what goes on,
 * with the context's signal.
 */
export async function followRun(
  sdk: OrrerySdk,
  context: CommandContext,
  flags: OutputFlags,
  begun: RunLineFragment,
): Promise<void> {
  const progress = progressOn(context.terminal);
  const watching = new AbortController();
  const write = outputWriter(context, flags);
  showState(progress, begun);
  const state = followState(sdk, begun.id, progress, AbortSignal.any([watching.signal, context.signal]));
  try {
    for await (const { runOutputAppended } of sdk.runOutputAppended({ runId: begun.id }, context.signal)) {
      progress.above(() => write(runOutputAppended.output));
    }
  } finally {
    watching.abort();
    progress.clear();
    await state;
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
