import { OrreryError, RefusedError } from '@orrery/sdk';
import { SECOND } from '../lib/time.js';
import type { AgentLog } from './agent-log.js';
import { pause, type Timers } from './timers.js';
import type { TokenSource } from './token-source.js';

/** A server that has not answered by then is taken for away. */
export const ANSWER_WAIT = 15 * SECOND;

const FIRST_WAIT = 200;
const LONGEST_WAIT = 5 * SECOND;

/** Tries after a masked error of the server, which may be its bug and never end. */
const INTERNAL_TRIES = 5;

/** The codes of a server that is away, stops, or is too busy: what was asked is asked again. */
const AWAY: ReadonlySet<string> = new Set([
  'NETWORK',
  'UNAVAILABLE',
  'TIMEOUT',
  'CANCELLED',
  'SERVER_RESTART',
  'RATE_LIMITED',
  'INTERNAL',
]);

const REFUSES: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'FORBIDDEN']);

/** The code of an answer that is an error; null for anything else. */
export function codeOf(error: unknown): string | null {
  return error instanceof OrreryError || error instanceof RefusedError ? error.code : null;
}

/** Whether the server may answer the same question later. */
export function isAway(error: unknown): boolean {
  return AWAY.has(codeOf(error) ?? '');
}

/** Whether the server does not accept who asks: nothing else will be accepted either. */
export function isDenied(error: unknown): boolean {
  return REFUSES.has(codeOf(error) ?? '');
}

interface Parts {
  readonly url: string;
  readonly tokens: TokenSource;
  readonly timers: Timers;
  readonly log: AgentLog;
}

/** One agent's calls to its server: with a limit of time, again when the server was away, which is said once. */
export class ServerCalls {
  readonly #parts: Parts;
  #lost = false;
  #back = new AbortController();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The server did not answer. Says so the first time. */
  lost(reason: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#parts.log(
      'warn',
      `The server at ${this.#parts.url} does not answer (${reason}); trying again until it does.`,
    );
  }

  /** The server answers. Those that wait to ask again do so at once. */
  regained(): void {
    if (!this.#lost) return;
    this.#lost = false;
    this.#back.abort();
    this.#back = new AbortController();
    this.#parts.log('info', `The server at ${this.#parts.url} answers again.`);
  }

  /** Waits before the next try, the longer the more there were; at most until the server is back. */
  async waitToRetry(tries: number, signal: AbortSignal): Promise<void> {
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(tries, 10)) * (0.5 + Math.random() / 2);
    await pause(this.#parts.timers, wait, signal, this.#back.signal);
  }

  /** Whether another token is at hand after a refusal. */
  async renewToken(error: unknown): Promise<boolean> {
    return isDenied(error) && this.#parts.tokens.renew();
  }

  /**
   * Asks once (twice with a renewed token), and waits so many milliseconds for the answer.
   * @throws OrreryError, RefusedError; the signal's reason when it aborts.
   */
  async once<T>(ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal, wait = ANSWER_WAIT): Promise<T> {
    try {
      return await this.#timed(ask, signal, wait);
    } catch (error) {
      if (!(await this.renewToken(error))) throw error;
      return this.#timed(ask, signal, wait);
    }
  }

  /** Asks until the server answers. @throws what is no absence of the server; the signal's reason when it aborts. */
  async untilAnswered<T>(ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      signal.throwIfAborted();
      try {
        return await this.once(ask, signal);
      } catch (error) {
        if (!isAway(error) || (codeOf(error) === 'INTERNAL' && tries >= INTERNAL_TRIES)) throw error;
      }
      await this.waitToRetry(tries, signal);
    }
  }

  #note(failure: unknown): void {
    const message = failure instanceof Error ? failure.message : String(failure);
    if (codeOf(failure) === 'INTERNAL') this.#parts.log('warn', `The server failed: ${message}`);
    else if (isAway(failure)) this.lost(message);
    else this.regained();
  }

  async #timed<T>(ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal, wait: number): Promise<T> {
    const limit = new AbortController();
    const stop = (): void => limit.abort(signal.reason);
    const cancel = this.#parts.timers.after(wait, () => limit.abort());
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      const answer = await ask(limit.signal);
      this.regained();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const failure = limit.signal.aborted ? noAnswer(this.#parts.url, wait) : error;
      this.#note(failure);
      throw failure;
    } finally {
      cancel();
      signal.removeEventListener('abort', stop);
    }
  }
}

function noAnswer(url: string, wait: number): OrreryError {
  return new OrreryError(`${url} did not answer within ${wait / SECOND} s.`, { code: 'NETWORK' });
}
