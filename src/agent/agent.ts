import { createOrreryClient, createSdk, type OrreryClient, type OrrerySdk, payloadOf } from '@orrery/sdk';
import { type Clock, MINUTE, SECOND, systemClock } from '../lib/time.js';
import { type AgentDirectory, clearWorkDirectory } from './agent-directory.js';
import type { AgentLog } from './agent-log.js';
import type { Catalog } from './executors/catalog.js';
import type { ExecutionContext } from './executors/executor.js';
import { killLeftovers, systemTree, type TreeTools } from './process-tree.js';
import { RunPool } from './run-pool.js';
import { type RunEnd, RunWorker } from './run-worker.js';
import { codeOf, isAway, ServerCalls } from './server-calls.js';
import { Spool } from './spool.js';
import type { WriteAt } from './spool-log.js';
import { steadyClock } from './steady-clock.js';
import { pause, systemTimers, type Timers } from './timers.js';
import type { TokenSource } from './token-source.js';

/** Runs that an agent carries out at once unless told otherwise. */
const DEFAULT_MOST_RUNS = 8;

/** How long runs may take to end at a stop unless told otherwise, in milliseconds. */
export const DEFAULT_GRACE = 30 * SECOND;

/** A host's clock that differs more from the server's is worth a note. */
const CLOCK_TOLERANCE = MINUTE;

/** The codes after which the stream of work begins anew. */
const BEGIN_ANEW: ReadonlySet<string> = new Set(['RESYNC_REQUIRED', 'SLOW_CONSUMER']);

/** What an agent is made of. */
export interface AgentOptions {
  /** The server's GraphQL endpoint. */
  readonly url: string;
  readonly tokens: TokenSource;
  readonly clientId: string;
  /** The client's project, where the token reaches several. */
  readonly project?: string;
  readonly hostname: string;
  readonly version: string;
  /** Held for this agent, which gives it back at its end. */
  readonly directory: AgentDirectory;
  readonly catalog: Catalog;
  /** What children inherit. */
  readonly env: ExecutionContext['env'];
  readonly mostRuns?: number;
  readonly log: AgentLog;
  /** The host's clock. */
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** Ends processes; its timers are those of the executors too. */
  readonly tree?: TreeTools;
  /** Writes to the spool; for tests, which fill the disk. */
  readonly writeSpool?: WriteAt;
}

/** An agent that works. */
export interface Agent {
  /** Resolves when it has registered and waits for work. Rejects when it cannot. */
  readonly ready: Promise<void>;
  /** Resolves after `stop`. Rejects when the agent cannot go on: OrreryError, RefusedError, HostError. */
  readonly ended: Promise<void>;
  /**
   * Takes no more work, waits `grace` milliseconds for what is under way, ends the rest, says so to the server.
   * Called again with a shorter grace it hurries. Resolves with `ended`.
   */
  stop(reason: string, grace?: number): Promise<void>;
}

class RunningAgent implements Agent {
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  readonly #options: AgentOptions;
  readonly #client: OrreryClient;
  readonly #sdk: OrrerySdk;
  readonly #calls: ServerCalls;
  readonly #timers: Timers;
  /** Ends the taking of work. */
  readonly #closing = new AbortController();
  /** Ends the stream of work that is followed now. */
  #round = new AbortController();
  #isRegistered = false;
  #saidSuperseded = false;
  #pool: RunPool | null = null;
  #failure: { error: unknown } | null = null;

  constructor(options: AgentOptions) {
    const { url, tokens, log } = options;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#calls = new ServerCalls({ url, tokens, timers: this.#timers, log });
    this.#client = createOrreryClient({
      url,
      token: () => tokens.current(),
      onConnection: (state) => {
        if (state.kind === 'LOST') this.#calls.lost(state.reason);
        else this.#calls.regained();
      },
    });
    this.#sdk = createSdk(this.#client);
    let tellReady: () => void = () => undefined;
    const registered = new Promise<void>((resolve) => {
      tellReady = resolve;
    });
    this.ended = this.#work(tellReady);
    this.ready = Promise.race([registered, this.ended]);
    // Whoever waits for the one need not wait for the other.
    this.ready.catch(() => undefined);
    this.ended.catch(() => undefined);
  }

  async stop(reason: string, grace: number = DEFAULT_GRACE): Promise<void> {
    this.#closing.abort();
    this.#round.abort();
    this.#pool?.close(reason);
    const over = new AbortController();
    const ended = this.ended.finally(() => over.abort());
    ended.catch(() => undefined);
    if (grace > 0) await pause(this.#timers, grace, over.signal);
    this.#pool?.cut(reason);
    await ended;
  }

  async #work(tellReady: () => void): Promise<void> {
    const { directory, writeSpool: write } = this.#options;
    try {
      const spool = await Spool.open({ directory: directory.spool, ...(write && { write }) });
      try {
        await this.#serve(spool, tellReady);
      } finally {
        await spool.close();
      }
    } finally {
      await this.#client.close();
      await directory.release();
    }
    if (this.#failure) throw this.#failure.error;
  }

  async #serve(spool: Spool, tellReady: () => void): Promise<void> {
    const known = await this.#clearUp(spool);
    const pool = this.#makePool(spool);
    this.#pool = pool;
    try {
      const held = await this.#register();
      tellReady();
      for (const runId of new Set([...held, ...known])) pool.resume(runId);
      await this.#follow(pool);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#fail(error);
    }
    if (pool.size > 0) this.#options.log('info', `Waiting for ${pool.size} runs that are under way.`);
    await pool.idle();
  }

  /** Ends what an earlier process left running; returns the runs of which something is kept. */
  async #clearUp(spool: Spool): Promise<string[]> {
    const { directory, log, tree } = this.#options;
    const runs = await spool.runs();
    if (runs.length > 0) {
      const { signalled, survivors } = await killLeftovers(runs, tree, (count, of) =>
        log('info', `Ending ${count} processes of run ${of.join(', ')}, which an earlier agent left running.`),
      );
      if (signalled > 0) log('warn', `Ended ${signalled} processes that an earlier agent had left running.`);
      if (survivors.length > 0)
        log('error', `Could not end the processes ${survivors.join(', ')} of an earlier agent.`);
    }
    await clearWorkDirectory(directory);
    return runs;
  }

  #makePool(spool: Spool): RunPool {
    const { catalog, env, directory, clock = systemClock, tree = systemTree, log, mostRuns } = this.#options;
    const tools = { executors: catalog, env, directory, spool, clock, timers: tree.timers };
    const { sessionId } = directory;
    const parts = {
      sdk: this.#sdk,
      calls: this.#calls,
      sessionId,
      tools,
      clock: steadyClock,
      timers: this.#timers,
      log,
    };
    return new RunPool({
      makeWorker: (runId) => new RunWorker(parts, runId),
      most: mostRuns ?? DEFAULT_MOST_RUNS,
      onEnd: (end) => this.#runEnded(end),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Registers; returns the runs that this session holds. */
  async #register(): Promise<string[]> {
    const { clientId, project, hostname, version, directory, catalog, log } = this.#options;
    const { mostRuns: maxRuns = DEFAULT_MOST_RUNS } = this.#options;
    const { platform, arch } = process;
    const capabilities = { executors: catalog.capabilities, platform, arch, maxRuns };
    const input = { key: clientId, hostname, version, capabilities, sessionId: directory.sessionId };
    const ask = async (signal: AbortSignal) => {
      const askedAt = this.#now();
      const whole = { input: { ...input, project: project ?? null } };
      const { client, held } = payloadOf((await this.#sdk.clientRegister(whole, signal)).clientRegister);
      return { client, held, offset: Date.parse(client.lastSeenAt) - (askedAt + this.#now()) / 2 };
    };
    const { held, offset } = await this.#calls.untilAnswered(ask, this.#closing.signal);
    this.#isRegistered = true;
    this.#saidSuperseded = false;
    log('info', `Registered as "${clientId}" at ${this.#options.url}.`);
    this.#noteClock(offset);
    return held.map(({ id }) => id);
  }

  #now(): number {
    return (this.#options.clock ?? systemClock).now();
  }

  #noteClock(offset: number): void {
    if (Math.abs(offset) <= CLOCK_TOLERANCE) return;
    const way = offset < 0 ? 'ahead of' : 'behind';
    const note = `This host's clock is ${Math.round(Math.abs(offset) / SECOND)} s ${way} the server's.`;
    this.#options.log('warn', `${note} Runs and their times are right all the same; backups bear this host's time.`);
  }

  async #follow(pool: RunPool): Promise<void> {
    for (let tries = 0; !this.#closing.signal.aborted; tries += 1) {
      this.#round = new AbortController();
      try {
        if (!this.#isRegistered) for (const runId of await this.#register()) pool.resume(runId);
        await this.#followOnce(pool, () => {
          tries = 0;
        });
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        await this.#canGoOn(error);
      }
      await this.#calls.waitToRetry(tries, this.#closing.signal);
    }
  }

  async #followOnce(pool: RunPool, onWork: () => void): Promise<void> {
    const { clientId, project } = this.#options;
    const where = { clientId, project: project ?? null };
    for await (const { runAssigned } of this.#sdk.runAssigned(where, this.#round.signal)) {
      onWork();
      const { run, abort } = runAssigned;
      if (!run) continue;
      if (abort) pool.abort(run.id);
      else pool.offer(run.id);
    }
  }

  /** @throws the error when following the work again will not help. */
  async #canGoOn(error: unknown): Promise<void> {
    const code = codeOf(error) ?? '';
    if (code === 'NOT_FOUND') this.#isRegistered = false;
    else if (!isAway(error) && !BEGIN_ANEW.has(code) && !(await this.#calls.renewToken(error))) throw error;
  }

  #runEnded(end: RunEnd): void {
    const { clientId, log } = this.#options;
    if (end === 'SUPERSEDED' && !this.#saidSuperseded) {
      this.#saidSuperseded = true;
      const what = `Another agent has registered as "${clientId}" since: it gets the work from now on.`;
      log('warn', `${what} Give each host a client id of its own; to take over, start this agent again.`);
    }
    if (end === 'UNKNOWN') {
      this.#isRegistered = false;
      this.#round.abort();
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#closing.abort();
    this.#round.abort();
    this.#pool?.cut('Its agent was ended by an error.');
  }
}

/** Starts an agent: it registers, takes its client's runs and carries them out until it is stopped. */
export function createAgent(options: AgentOptions): Agent {
  return new RunningAgent(options);
}
