import type { OrrerySdk } from '@orrery/sdk';
import { RefusedError } from '@orrery/sdk';
import { type Clock, SECOND } from '../lib/time.js';
import type { AgentLog } from './agent-log.js';
import { carryOut, type Ending, type ExecutionTools } from './attempt.js';
import { type AttemptName, endedBody, startedBody } from './attempt-report.js';
import { LeaseKeeper } from './lease.js';
import { type Claimed, type Held, type Instruction, RunApi, type TaskToDo } from './run-api.js';
import { RunMail } from './run-mail.js';
import { codeOf, isDenied, type ServerCalls } from './server-calls.js';
import { pause, type Timers } from './timers.js';

/** How long an agent that stops waits for the server to take what it has to say; the rest stays in the spool. */
const LAST_WORDS = 5 * SECOND;

/** The number of an attempt's last report: above any of its progress, which nobody counts over a restart. */
const LAST_REPORT = 2 ** 30;

/** What a run's worker shares with the others. */
export interface WorkerParts {
  readonly sdk: OrrerySdk;
  readonly calls: ServerCalls;
  readonly sessionId: string;
  readonly tools: ExecutionTools;
  /** Measures ages and leases. */
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: AgentLog;
}

/** What became of a run here. */
export type RunEnd =
  /** There is nothing left to do for it. */
  | 'DONE'
  /** The server gave it to nobody or to another: nothing was done. */
  | 'REFUSED'
  /** Another agent has registered for the client. */
  | 'SUPERSEDED'
  /** The server does not know the client. */
  | 'UNKNOWN';

/** What a refused claim means. */
const REFUSED_CLAIMS: Readonly<Record<string, RunEnd>> = {
  LEASE_LOST: 'REFUSED',
  CONFLICT: 'SUPERSEDED',
  NOT_FOUND: 'UNKNOWN',
};

/** Carries out one run: does what the server says next, until the run has ended or is not ours any more. */
export class RunWorker {
  readonly runId: string;
  readonly #parts: WorkerParts;
  readonly #api: RunApi;
  readonly #mail: RunMail;
  readonly #lease: LeaseKeeper;
  /** Ends the waiting for answers. */
  readonly #silence = new AbortController();
  /** Ends the attempt under way. */
  #execution = new AbortController();
  #ending: Ending | null = null;
  /** Ends the wait before an attempt. */
  #wake = new AbortController();
  #executing = false;
  #aborted = false;
  /** Why no further attempt is begun. */
  #closing: string | null = null;
  #failure: { error: unknown } | null = null;
  #name = '';

  constructor(parts: WorkerParts, runId: string) {
    const { sdk, calls, sessionId, tools, clock, timers, log } = parts;
    this.#parts = parts;
    this.runId = runId;
    this.#api = new RunApi({ sdk, calls, runId, sessionId, signal: this.#silence.signal });
    const onAnswer = (held: Held): void => this.#hear(held.instruction);
    const onFailure = (error: unknown): void => this.#fail(error);
    this.#mail = new RunMail({ runId, spool: tools.spool, api: this.#api, clock, timers, log, onAnswer, onFailure });
    const onRunOut = (seconds: number): void => this.#leaseRanOut(seconds);
    this.#lease = new LeaseKeeper({ api: this.#api, clock, timers, onAnswer, onRunOut, onFailure });
  }

  /** The server ordered the end of the run. A second order changes nothing. */
  abort(): void {
    this.#aborted = true;
    this.#end({ kind: 'ABORT' });
    this.#wake.abort();
  }

  /** Begins no further attempt, and gives the run back when the one under way has ended. */
  close(reason: string): void {
    this.#closing ??= reason;
    this.#wake.abort();
    this.#limitLastWords();
  }

  /** Ends the attempt under way: it is LOST, for this reason. */
  cut(reason: string): void {
    this.close(reason);
    this.#end({ kind: 'LOST', reason });
  }

  /**
   * Claims the run and carries it out. Resolves when nothing of it runs any more and there is nothing left to do here.
   * @throws OrreryError, RefusedError when the agent itself cannot go on, for its token is refused.
   */
  async run(): Promise<RunEnd> {
    try {
      const held = await this.#claim();
      if (typeof held === 'string') return held;
      await this.#goOn(held);
    } catch (error) {
      await this.#giveUp(error);
    } finally {
      this.#lease.end();
      this.#mail.endProgress();
    }
    return 'DONE';
  }

  /** What cannot go on here harms no other run. @throws what ends the agent itself: a token that is refused. */
  async #giveUp(error: unknown): Promise<void> {
    if (this.#silence.signal.aborted) return;
    if (isDenied(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    if (codeOf(error) !== 'LEASE_LOST') return this.#say('error', `cannot go on here: ${why}`);
    this.#say('warn', `is given up: ${why}`);
    await this.#parts.tools.spool.remove(this.runId);
  }

  async #claim(): Promise<Claimed | RunEnd> {
    const askedAt = this.#parts.clock.now();
    let held: Claimed;
    try {
      held = await this.#api.claim();
    } catch (error) {
      const refusal = error instanceof RefusedError ? REFUSED_CLAIMS[error.code] : undefined;
      if (!refusal) throw error;
      // What an earlier process kept of it is of no use to anybody.
      if (refusal === 'REFUSED') await this.#parts.tools.spool.remove(this.runId);
      return refusal;
    }
    this.#name = held.run ? ` (${held.run.name})` : '';
    this.#lease.begin(held.leaseSeconds, askedAt);
    await this.#parts.tools.spool.limitOutput(this.runId, held.outputLimit);
    return held;
  }

  async #goOn(held: Claimed): Promise<void> {
    const { spool } = this.#parts.tools;
    const actions = held.run?.actions.length ?? 1;
    // What an earlier process of this agent had to say comes first.
    const waits = (await spool.pending(this.runId, 1)).length > 0;
    let told: Held = waits ? await this.#next() : held;
    for (;;) {
      const { instruction } = told;
      const { kind, task } = instruction;
      if (kind === 'ENDED' || !task) break;
      if (kind !== 'START') {
        told = await this.#reportInterrupted(task, kind);
      } else if (this.#closing !== null) {
        await this.#api.release(this.#closing);
        break;
      } else {
        told = await this.#attempt(instruction, task, actions);
      }
    }
    await spool.remove(this.runId);
  }

  /** What to do next, when the server knows everything. */
  async #next(): Promise<Held> {
    return (await this.#mail.delivered()) ?? this.#api.renew();
  }

  /** An attempt is under way that this process knows nothing of. */
  async #reportInterrupted(task: TaskToDo, kind: Instruction['kind']): Promise<Held> {
    const outcome = kind === 'ABORT' ? 'ABORTED' : 'LOST';
    const message = 'The agent was ended while this attempt was under way; what was left of it has been ended.';
    const end = { outcome, exitCode: null, message } as const;
    await this.#mail.report(endedBody(nameOf(task), LAST_REPORT, this.#parts.clock.now(), end));
    return this.#next();
  }

  async #attempt(instruction: Instruction, task: TaskToDo, actions: number): Promise<Held> {
    if (instruction.delay > 0) {
      this.#say(
        'info',
        `begins "${task.name}", attempt ${task.attempt}, in ${Math.ceil(instruction.delay / SECOND)} s.`,
      );
      await pause(this.#parts.timers, instruction.delay, this.#wake.signal, this.#silence.signal);
      this.#wake = new AbortController();
    }
    if (this.#failure) throw this.#failure.error;
    if (this.#aborted || this.#closing !== null) {
      this.#aborted = false;
      return this.#api.renew();
    }
    const { clock, tools } = this.#parts;
    this.#executing = true;
    await this.#mail.report(startedBody(nameOf(task), 1, clock.now()));
    this.#say('info', `begins "${task.name}"${task.attempt > 1 ? `, attempt ${task.attempt}` : ''}.`);
    const { signal } = this.#execution;
    const request = { runId: this.runId, instruction, task, actions, mail: this.#mail, signal };
    const end = await carryOut({ ...request, ending: () => this.#ending, end: (why) => this.#end(why) }, tools);
    this.#executing = false;
    this.#execution = new AbortController();
    this.#ending = null;
    this.#mail.endProgress();
    this.#limitLastWords();
    await this.#mail.report(endedBody(nameOf(task), LAST_REPORT, clock.now(), end));
    const { outcome, message } = end;
    this.#say(outcome === 'SUCCEEDED' ? 'info' : 'warn', `"${task.name}" ended ${outcome}: ${message}`);
    return this.#next();
  }

  /** Ends the attempt under way; the first reason counts. */
  #end(ending: Ending): void {
    if (!this.#executing || this.#ending) return;
    this.#ending = ending;
    this.#execution.abort();
  }

  #hear({ kind }: Instruction): void {
    if (kind === 'ABORT') this.abort();
  }

  #leaseRanOut(seconds: number): void {
    if (!this.#executing) return;
    const reason = `The server could not be reached for ${seconds} s: the lease ran out, and the attempt was ended.`;
    this.#say('warn', reason);
    this.#end({ kind: 'LOST', reason });
  }

  /** Nothing can be said of this run any more. */
  #fail(error: unknown): void {
    if (this.#silence.signal.aborted) return;
    this.#failure ??= { error };
    const why = error instanceof Error ? error.message : String(error);
    this.#end({ kind: 'LOST', reason: why });
    this.#wake.abort();
    if (codeOf(error) === 'LEASE_LOST' && this.#executing) this.#say('warn', `ends what it does: ${why}`);
  }

  #limitLastWords(): void {
    if (this.#closing === null || this.#executing) return;
    this.#parts.timers.after(LAST_WORDS, () => this.#silence.abort());
  }

  #say(level: 'info' | 'warn' | 'error', text: string): void {
    this.#parts.log(level, `Run ${this.runId}${this.#name} ${text}`);
  }
}

function nameOf({ id, attempt }: TaskToDo): AttemptName {
  return { taskId: id, attempt };
}
