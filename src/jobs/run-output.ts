import type { Ctx } from '../auth/actor.js';
import type { Tx } from '../db/transaction.js';
import { insertRows, updateRows } from '../db/write.js';
import {
  JobRunEntity,
  type JobRunRow,
  RunOutputAttemptEntity,
  type RunOutputAttemptRow,
  RunOutputEntity,
} from '../entities/run.js';
import { outputChannel } from '../events/outbox.js';
import { ConflictError, type InputIssue, InvalidInputError, NotFoundError } from '../lib/errors.js';
import { storable } from '../lib/names.js';
import type { JobsDeps } from './deps.js';
import { type Hold, heldRun } from './run-lock.js';
import { afterPiece, keptTailFrom, type OutputMeter } from './run-output-meter.js';

/** A piece of an attempt's output, as its agent sends it. */
export interface NewPiece {
  taskId: string;
  attempt: number;
  /** Counts the pieces of the attempt over all streams: 1, 2, 3 ... */
  sequence: number;
  stream: 'STDOUT' | 'STDERR' | 'SYSTEM';
  /** At most 32 KiB of UTF-8. */
  text: string;
}

/** What came of a batch. */
export interface Appended {
  /** The position of the last piece stored in the run. */
  position: number;
  /** How many pieces had been taken in before. */
  repeated: number;
}

const MOST_PIECES = 500;
const LARGEST_PIECE = 32 * 1024;

function check(pieces: readonly NewPiece[]): void {
  const issues: InputIssue[] = [];
  if (pieces.length > MOST_PIECES)
    issues.push({ path: ['pieces'], message: `A batch has at most ${MOST_PIECES} pieces.` });
  for (const [index, piece] of pieces.entries()) {
    if (Buffer.byteLength(piece.text) > LARGEST_PIECE)
      issues.push({ path: ['pieces', index, 'text'], message: 'A piece has at most 32 KiB of UTF-8.' });
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
}

type AttemptPieces = [NewPiece, ...NewPiece[]];

function byAttempt(pieces: readonly NewPiece[]): AttemptPieces[] {
  const groups: AttemptPieces[] = [];
  for (const piece of pieces) {
    const group = groups.at(-1);
    if (group?.[0].taskId === piece.taskId) group.push(piece);
    else groups.push([piece]);
  }
  return groups;
}

async function requireAttempt(tx: Tx, run: JobRunRow, { taskId, attempt }: NewPiece): Promise<void> {
  const [task] = await tx.rows<{ transactionId: string; attempt: number }>(
    'SELECT transaction_id AS transactionId, attempt FROM tasks WHERE id = ?',
    [taskId],
  );
  if (task?.transactionId === run.id && task.attempt === attempt) return;
  throw new NotFoundError('attempt', taskId, ['pieces', 'taskId']);
}

async function meterOf(tx: Tx, run: JobRunRow, piece: NewPiece): Promise<{ meter: OutputMeter; isNew: boolean }> {
  const found = await tx.manager.getRepository(RunOutputAttemptEntity).findOneBy({ taskId: piece.taskId });
  const totals = { position: run.outputPosition, bytes: run.outputBytes, lines: run.outputLines };
  if (found) return { meter: { ...totals, attempt: found }, isNew: false };
  await requireAttempt(tx, run, piece);
  const attempt: RunOutputAttemptRow = {
    taskId: piece.taskId,
    runId: run.id,
    lastSequence: 0,
    bytesBefore: run.outputBytes,
    headPosition: run.outputPosition,
    headBytes: run.outputBytes,
    headLines: run.outputLines,
    tailFrom: run.outputBytes,
  };
  return { meter: { ...totals, attempt }, isNew: true };
}

function requireNext(meter: OutputMeter, piece: NewPiece): void {
  const next = meter.attempt.lastSequence + 1;
  if (piece.sequence === next) return;
  const message = `Piece ${next} of the attempt comes next, not ${piece.sequence}: send them in order.`;
  throw new ConflictError(message, ['pieces', 'sequence']);
}

const CUT = 'DELETE FROM run_output WHERE run_id = ? AND position > ? AND task_id = ? AND bytes_before < ?';
const FIRST_KEPT = `SELECT position, bytes_before AS bytesBefore, lines_before AS linesBefore FROM run_output
  WHERE run_id = ? AND position > ? AND task_id = ? ORDER BY position LIMIT 1`;
const MARK = 'UPDATE run_output SET cut_bytes = ?, cut_lines = ? WHERE run_id = ? AND position = ?';

/** Removes the oldest of a tail that grew too long, and marks the piece after the cut with what is missing. */
async function cutTail(tx: Tx, attempt: RunOutputAttemptRow, tailFrom: number): Promise<void> {
  const place = [attempt.runId, attempt.headPosition, attempt.taskId];
  await tx.execute(CUT, [...place, tailFrom]);
  const [first] = await tx.rows<{ position: number; bytesBefore: number | string; linesBefore: number }>(
    FIRST_KEPT,
    place,
  );
  if (!first) return;
  const bytes = Number(first.bytesBefore) - attempt.headBytes;
  await tx.execute(MARK, [bytes, first.linesBefore - attempt.headLines, attempt.runId, first.position]);
}

/** Stores the pieces of one attempt that are new; returns the run with its counts, and how many were not. */
async function appendTo(
  tx: Tx,
  deps: JobsDeps,
  run: JobRunRow,
  pieces: AttemptPieces,
): Promise<{ run: JobRunRow; repeated: number }> {
  const { meter: begun, isNew } = await meterOf(tx, run, pieces[0]);
  const fresh = pieces.filter((piece) => piece.sequence > begun.attempt.lastSequence);
  const at = await tx.now();
  const headLimit = Math.floor(deps.settings.outputLimit / 2);
  let meter = begun;
  const rows = fresh.map((piece) => {
    requireNext(meter, piece);
    const text = storable(piece.text);
    const { bytes: bytesBefore, lines: linesBefore } = meter;
    meter = afterPiece(meter, text, headLimit);
    const { taskId, attempt, sequence, stream } = piece;
    return {
      runId: run.id,
      position: meter.position,
      taskId,
      attempt,
      sequence,
      stream,
      text,
      bytesBefore,
      linesBefore,
      cutBytes: 0,
      cutLines: 0,
      at,
    };
  });
  await insertRows(tx, RunOutputEntity, rows);
  const tailFrom = keptTailFrom(meter, headLimit);
  if (tailFrom > meter.attempt.tailFrom) await cutTail(tx, meter.attempt, tailFrom);
  const attempt = { ...meter.attempt, tailFrom };
  if (isNew) await insertRows(tx, RunOutputAttemptEntity, [attempt]);
  else await updateRows(tx, RunOutputAttemptEntity, { taskId: attempt.taskId }, attempt);
  const totals = { outputPosition: meter.position, outputBytes: meter.bytes, outputLines: meter.lines };
  return { run: { ...run, ...totals }, repeated: pieces.length - fresh.length };
}

/**
 * Stores a batch of output, each piece once, at positions given under the run's row lock: a reader by position sees no
 * gap but a cut. Of an attempt beyond its bound, head and tail are kept; what is missing follows from the counts that
 * each piece carries.
 *
 * Throws InvalidInputError, NotFoundError, ConflictError for a piece out of order, StateError LEASE_LOST.
 */
export async function appendOutput(
  deps: JobsDeps,
  ctx: Ctx,
  hold: Hold,
  pieces: readonly NewPiece[],
): Promise<Appended> {
  check(pieces);
  return deps.db.transaction(async (tx) => {
    let run = await heldRun(tx, deps, ctx, hold, false);
    let repeated = 0;
    for (const group of byAttempt(pieces)) {
      const appended = await appendTo(tx, deps, run, group);
      run = appended.run;
      repeated += appended.repeated;
    }
    const { outputPosition, outputBytes, outputLines } = run;
    await updateRows(tx, JobRunEntity, { id: run.id }, { outputPosition, outputBytes, outputLines });
    deps.outbox.ringAfterCommit(tx, outputChannel(run.id));
    return { position: outputPosition, repeated };
  });
}
