import { ExpectedError } from '../../lib/errors.js';
import type { JsonObject, JsonValue } from '../../lib/json.js';
import { createMasker, type Masker, resolveSecrets } from '../secrets.js';
import { canonicalAction } from './action-keys.js';
import type { ExecutionContext, ExecutionResult, Executor, OutputStream } from './executor.js';
import { selectExecutor } from './select.js';

/** One action of a run, as the server hands it out. */
export interface ActionRequest {
  /** The effective `freezer_action`; secrets are still references. */
  readonly action: JsonObject;
  readonly context: ExecutionContext;
  /** Milliseconds after which the action is ended; absent: no limit. */
  readonly timeoutMs?: number;
}

/** What this host can use. */
export interface Executors {
  /** Preferred first. */
  readonly available: readonly Executor[];
  /** Why others are not available. */
  readonly unavailable: readonly string[];
}

/** What children inherit: all but the agent's own settings, its token among them. */
function childEnvironment(env: ExecutionContext['env']): ExecutionContext['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('ORRERY_')));
}

/** The context whose output and progress show no secrets; `flush` gives out what was held back. */
function maskedContext(
  context: ExecutionContext,
  signal: AbortSignal,
  masker: Masker,
): { context: ExecutionContext; flush: () => Promise<void> } {
  const streams = { stdout: masker.stream(), stderr: masker.stream() };
  const give = async (stream: OutputStream, text: string) => {
    if (text !== '') await context.output(stream, text);
  };
  return {
    context: {
      ...context,
      env: childEnvironment(context.env),
      signal,
      output: (stream, text) => give(stream, streams[stream].push(text)),
      progress: (fraction, message) => context.progress(fraction, masker.mask(message)),
    },
    async flush() {
      await give('stdout', streams.stdout.end());
      await give('stderr', streams.stderr.end());
    },
  };
}

function maskJson(value: JsonValue, masker: Masker): JsonValue {
  if (typeof value === 'string') return masker.mask(value);
  if (Array.isArray(value)) return value.map((item) => maskJson(item, masker));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskJson(item, masker)]));
}

function failed(error: ExpectedError): ExecutionResult {
  return { ok: false, end: 'finished', exitCode: null, message: error.message };
}

/** The signal of the run and of the time limit together. */
function limited(request: ActionRequest): { signal: AbortSignal; timedOut: () => boolean; cancel: () => void } {
  const { context, timeoutMs } = request;
  const limit = new AbortController();
  const cancel = timeoutMs === undefined ? () => undefined : context.timers.after(timeoutMs, () => limit.abort());
  return {
    signal: AbortSignal.any([context.signal, limit.signal]),
    timedOut: () => limit.signal.aborted && !context.signal.aborted,
    cancel,
  };
}

async function attempt(request: ActionRequest, executors: Executors, signal: AbortSignal): Promise<ExecutionResult> {
  const { env } = request.context;
  const { action, values } = await resolveSecrets(request.action, { env });
  const masker = createMasker(values);
  const masked = maskedContext(request.context, signal, masker);
  const work = async (): Promise<ExecutionResult> => {
    const executor = await selectExecutor(action, executors.available, executors.unavailable);
    return executor.run(canonicalAction(action), masked.context);
  };
  const result = await work().catch((error: unknown) => {
    if (error instanceof ExpectedError) return failed(error);
    throw error;
  });
  await masked.flush();
  return {
    ...result,
    message: masker.mask(result.message),
    ...(result.summary === undefined ? {} : { summary: maskJson(result.summary, masker) }),
  };
}

/**
 * Carries out one action: resolves its secrets, chooses the executor, masks all that comes out, keeps the time limit.
 * Every expected failure is a result with one line that says what to do; what is thrown is a bug.
 */
export async function runAction(request: ActionRequest, executors: Executors): Promise<ExecutionResult> {
  const { signal, timedOut, cancel } = limited(request);
  const aborted: ExecutionResult = { ok: false, end: 'aborted', exitCode: null, message: 'The action was aborted.' };
  try {
    const result = await attempt(request, executors, signal).catch((error: unknown) => {
      if (error instanceof ExpectedError) return failed(error);
      if (signal.aborted && error === signal.reason) return aborted;
      throw error;
    });
    if (result.ok || !timedOut()) return result;
    const seconds = (request.timeoutMs ?? 0) / 1000;
    return { ...result, end: 'timedOut', message: `The action was ended: it took longer than ${seconds} s.` };
  } finally {
    cancel();
  }
}
