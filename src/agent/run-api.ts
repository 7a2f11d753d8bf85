import {
  type HeldFieldsFragment,
  type OrrerySdk,
  payloadOf,
  type RunClaimMutation,
  type RunOutputAppendInput,
  type RunReportInput,
} from '@orrery/sdk';
import type { ServerCalls } from './server-calls.js';

/** What the server tells the agent that holds a run. */
export type Held = HeldFieldsFragment;
/** What an agent is to do next in a run. */
export type Instruction = Held['instruction'];
/** The attempt that an instruction is about. */
export type TaskToDo = NonNullable<Instruction['task']>;
/** What the server tells when it gives a run. */
export type Claimed = Extract<RunClaimMutation['runClaim'], { __typename: 'RunClaimPayload' }>;

/** A report without what every call of a run carries. */
export type ReportInput = Omit<RunReportInput, 'runId' | 'sessionId' | 'fence'>;
export type PieceInput = RunOutputAppendInput['pieces'][number];

interface Parts {
  readonly sdk: OrrerySdk;
  readonly calls: ServerCalls;
  readonly runId: string;
  readonly sessionId: string;
  /** Ends what still waits for an answer. */
  readonly signal: AbortSignal;
}

/**
 * The API's operations on one run that this session holds. But for `renew` each asks until the server answers.
 * All throw RefusedError (LEASE_LOST among others), OrreryError when the token is refused, the signal's reason.
 */
export class RunApi {
  readonly #parts: Parts;
  #fence = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get #hold(): { runId: string; sessionId: string; fence: number } {
    return { runId: this.#parts.runId, sessionId: this.#parts.sessionId, fence: this.#fence };
  }

  async claim(): Promise<Claimed> {
    const { sdk, calls, signal, runId, sessionId } = this.#parts;
    const held = await calls.untilAnswered(
      async (limit) => payloadOf((await sdk.runClaim({ input: { runId, sessionId } }, limit)).runClaim),
      signal,
    );
    this.#fence = held.fence;
    return held;
  }

  /** Asks once, and waits so many milliseconds for the answer. */
  renewOnce(wait: number): Promise<Held> {
    const { calls, signal } = this.#parts;
    return calls.once((limit) => this.#renew(limit), signal, wait);
  }

  renew(): Promise<Held> {
    const { calls, signal } = this.#parts;
    return calls.untilAnswered((limit) => this.#renew(limit), signal);
  }

  async #renew(limit: AbortSignal): Promise<Held> {
    return payloadOf((await this.#parts.sdk.runRenew({ input: this.#hold }, limit)).runRenew);
  }

  /** `make` is called for each try: the report's age grows. */
  report(make: () => ReportInput): Promise<Held> {
    const { sdk, calls, signal } = this.#parts;
    return calls.untilAnswered(
      async (limit) => payloadOf((await sdk.runReport({ input: { ...this.#hold, ...make() } }, limit)).runReport),
      signal,
    );
  }

  async append(pieces: PieceInput[]): Promise<void> {
    const { sdk, calls, signal } = this.#parts;
    await calls.untilAnswered(
      async (limit) =>
        payloadOf((await sdk.runOutputAppend({ input: { ...this.#hold, pieces } }, limit)).runOutputAppend),
      signal,
    );
  }

  /** Gives the run back. */
  async release(reason: string): Promise<void> {
    const { sdk, calls, signal } = this.#parts;
    await calls.untilAnswered(
      async (limit) => payloadOf((await sdk.runRelease({ input: { ...this.#hold, reason } }, limit)).runRelease),
      signal,
    );
  }
}
