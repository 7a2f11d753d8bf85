import type { JsonObject, JsonValue } from '../../lib/json.js';
import type { Clock } from '../../lib/time.js';
import type { Timers } from '../timers.js';

/** A `freezer_action` after its defaults were merged in and its secrets resolved; `action` says what to do. */
export type ResolvedAction = JsonObject;

/** Where a piece of a child's output came from. */
export type OutputStream = 'stdout' | 'stderr';

/** What an executor is given besides the action. */
export interface ExecutionContext {
  /** Marks every process of the run, so that all of them can be found and ended. */
  readonly runId: string;
  /** Aborted when the action must end: an abort of the run, or its time limit. */
  readonly signal: AbortSignal;
  /** A private, empty directory that is removed after the action. */
  readonly workDir: string;
  /** The environment that children inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Takes lines with their line ends (or pieces of an overlong line). A promise holds the child back until it is done. */
  output(stream: OutputStream, text: string): void | Promise<void>;
  /** Real progress only: `fraction` is 0..1, or null where the total is not known. */
  progress(fraction: number | null, message: string): void;
}

/** Why an action ended. */
type ExecutionEnd = 'finished' | 'aborted' | 'timedOut';

/** How an action ended. */
export interface ExecutionResult {
  readonly ok: boolean;
  readonly end: ExecutionEnd;
  /** The exit status of the deciding process; null when there was none or a signal ended it. */
  readonly exitCode: number | null;
  /** One line for people. */
  readonly message: string;
  /** Facts for programs, for example sizes and names of the backup made. */
  readonly summary?: JsonValue;
}

/** What this host offers to an executor. */
export interface Capability {
  readonly executor: string;
  readonly available: boolean;
  /** The version of the tool behind it; null when unknown or missing. */
  readonly version: string | null;
  /** What is missing and how to get it; empty when available. */
  readonly reason: string;
}

/** One way to carry out actions. */
export interface Executor {
  readonly name: string;
  /** True, or the reason why this executor cannot do the action. */
  supports(action: ResolvedAction): true | string;
  /** Whether the place the action names already holds this executor's backups of that name. */
  holds(action: ResolvedAction): Promise<boolean>;
  /**
   * Carries the action out; resolves when nothing of it runs any more.
   * @throws ExpectedError for faults of the input or the host.
   */
  run(action: ResolvedAction, context: ExecutionContext): Promise<ExecutionResult>;
}
