import type { JsonObject, JsonValue } from '../lib/json.js';
import { type Clock, SECOND } from '../lib/time.js';
import { type AgentDirectory, makeWorkDirectory } from './agent-directory.js';
import type { AttemptEnd, AttemptName } from './attempt-report.js';
import type { ExecutionContext, ExecutionResult } from './executors/executor.js';
import { type Executors, runAction } from './executors/run-action.js';
import { HostError } from './host-error.js';
import { OutputPieces } from './output-pieces.js';
import type { Instruction, TaskToDo } from './run-api.js';
import type { RunMail } from './run-mail.js';
import type { Spool } from './spool.js';
import type { Timers } from './timers.js';

/** What executing needs of the host. */
export interface ExecutionTools {
  readonly executors: Executors;
  readonly env: ExecutionContext['env'];
  readonly directory: AgentDirectory;
  readonly spool: Spool;
  /** The host's clock: it dates backups. */
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Why an attempt is ended before its time. */
export type Ending =
  /** The server ordered it. */
  | { readonly kind: 'ABORT' }
  /** The agent cannot go on with it; what is said of it is LOST or FAILED, with this reason. */
  | { readonly kind: 'LOST' | 'FAILED'; readonly reason: string };

/** One attempt to carry out. */
export interface AttemptRequest {
  readonly runId: string;
  readonly instruction: Instruction;
  readonly task: TaskToDo;
  /** The number of actions of the run. */
  readonly actions: number;
  readonly mail: RunMail;
  /** Ends it; `ending` then says why. */
  readonly signal: AbortSignal;
  readonly ending: () => Ending | null;
  /** Asks for its end, because the disk is full. */
  readonly end: (ending: Ending) => void;
}

/** The form in which the server names tasks. */
const TASK_NAME = /^(\d+)-/;

function outcomeOf(result: ExecutionResult, ending: Ending | null): AttemptEnd {
  const { ok, exitCode, message, summary } = result;
  const rest = { exitCode, ...(summary === undefined ? {} : { summary }) };
  if (ending?.kind === 'FAILED') return { outcome: 'FAILED', message: ending.reason, ...rest };
  if (ok) return { outcome: 'SUCCEEDED', message, ...rest };
  if (ending?.kind === 'LOST') return { outcome: 'LOST', message: ending.reason, ...rest };
  if (result.end === 'timedOut') return { outcome: 'TIMED_OUT', message, ...rest };
  return { outcome: ending ? 'ABORTED' : 'FAILED', message, ...rest };
}

/** A JSON object of the API, which holds nothing else. */
const toAction = (action: Record<string, unknown> | null | undefined): JsonObject =>
  Object.fromEntries(Object.entries(action ?? {}).map(([key, value]) => [key, value as JsonValue]));

function progressOf(request: AttemptRequest, fraction: number | null): number {
  const index = Number(TASK_NAME.exec(request.task.name)?.[1] ?? 0);
  const done = index + Math.min(1, Math.max(0, fraction ?? 0));
  return Math.min(100, (100 * done) / Math.max(1, request.actions));
}

/**
 * Carries out one attempt, its output and progress going to the mail; resolves when nothing of it runs any more, with
 * what to report. Whatever goes wrong is an outcome.
 */
export async function carryOut(request: AttemptRequest, tools: ExecutionTools): Promise<AttemptEnd> {
  const { runId, instruction, task, mail } = request;
  const name: AttemptName = { taskId: task.id, attempt: task.attempt };
  const refused = (error: unknown): void => {
    if (!(error instanceof HostError)) throw error;
    request.end({ kind: 'FAILED', reason: error.message });
  };
  const pieces = new OutputPieces((stream, text) => mail.output(name, stream, text), tools.timers, refused);
  let progressCount = 1;
  const work = async (): Promise<ExecutionResult> => {
    const directory = await makeWorkDirectory(tools.directory, task.id);
    try {
      const context: ExecutionContext = {
        runId,
        signal: request.signal,
        workDir: directory.path,
        env: tools.env,
        clock: tools.clock,
        timers: tools.timers,
        output: (stream, text) => pieces.push(stream, text),
        progress: (fraction, message) => {
          progressCount += 1;
          mail.progress({ ...name, sequence: progressCount, percent: progressOf(request, fraction), message });
        },
      };
      const limit = instruction.timeout == null ? {} : { timeoutMs: instruction.timeout * SECOND };
      return await runAction({ action: toAction(instruction.action), context, ...limit }, tools.executors);
    } finally {
      await directory.remove();
    }
  };
  const result = await work().catch((error: unknown): ExecutionResult => {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, end: 'finished', exitCode: null, message };
  });
  await pieces.end();
  await tools.spool.endOutput(runId, name.taskId, name.attempt).catch(refused);
  return outcomeOf(result, request.ending());
}
