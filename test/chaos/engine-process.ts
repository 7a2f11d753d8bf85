import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { SchedulerPoint } from '../../src/scheduler/points.js';
import { ADMIN_TOKEN } from './token.js';

const SERVER = fileURLToPath(new URL('./server.mjs', import.meta.url));
const CLOCK = new URL('./clock-shift.mjs', import.meta.url);

/** How one server is started. */
export interface EngineOptions {
  readonly name: string;
  /** Where the built product is: the directory that holds `dist`. */
  readonly product: string;
  readonly version: string;
  /** Settings as the variables of the environment have them. */
  readonly settings: Readonly<Record<string, string>>;
  /** So many milliseconds its host's clock is ahead. */
  readonly clockAhead?: number;
  /** What it says is added to this file. */
  readonly log: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Halt, until it is released, when this point is reached for the `count`th time. */
export interface Halt {
  readonly point: SchedulerPoint;
  readonly count: number;
}

interface Message {
  readonly ready?: true;
  readonly listening?: string;
  readonly reached?: SchedulerPoint;
  readonly inUse?: number;
}

/** One server of a trial in a process of its own: it can be killed, frozen, and held at a point of its scheduler. */
export class EngineProcess {
  readonly name: string;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #listening: Promise<string>;
  #url = '';
  #onReached: (() => void) | undefined;
  #alive = true;

  private constructor(options: EngineOptions) {
    this.name = options.name;
    const { PATH, HOME } = process.env;
    const shift = options.clockAhead ? [`--import=${CLOCK.href}?ms=${options.clockAhead}`] : [];
    this.#child = spawn(process.execPath, [...shift, SERVER, new URL('dist/', `file://${options.product}/`).href], {
      env: { PATH, HOME, NODE_ENV: 'production', CHAOS_VERSION: options.version, ...settingsOf(options) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const log = createWriteStream(options.log, { flags: 'a' });
    this.#child.stdout?.pipe(log);
    this.#child.stderr?.pipe(log);
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#alive = false;
        resolve({ code, signal });
      });
    });
    this.#listening = this.#heard((message) => message.listening);
    // Whoever starts it hears of a failure; a kill while nobody waits is no fault.
    this.#listening.catch(() => {});
    this.#child.on('message', (message: Message) => {
      if (message.reached) this.#onReached?.();
    });
  }

  /** Starts a server; resolves when it serves. */
  static async start(options: EngineOptions): Promise<EngineProcess> {
    const engine = new EngineProcess(options);
    await engine.#heard((message) => message.ready);
    engine.#child.send({ start: true });
    engine.#url = await engine.#listening;
    return engine;
  }

  #heard<T>(pick: (message: Message) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#child.on('message', (message: Message) => {
        const found = pick(message);
        if (found !== undefined) resolve(found);
      });
      void this.ended.then(({ code, signal }) =>
        reject(new Error(`The server ${this.name} ended (${signal ?? code}): see its log.`)),
      );
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Where it answers; empty until then. */
  get url(): string {
    return this.#url;
  }

  /** Tells it to halt at a point; resolves when it is there. Never rejects: it may end before that. */
  holdAt(halt: Halt): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      this.#onReached = resolve;
    });
    this.#child.send({ arm: halt.point, count: halt.count });
    return reached;
  }

  /** Lets it go on from where it halts. */
  release(): void {
    this.#child.send({ release: true });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it by a signal; resolves when it has ended. */
  async end(signal: NodeJS.Signals): Promise<Ended> {
    this.signal(signal);
    if (signal === 'SIGTERM') this.signal('SIGCONT');
    return this.ended;
  }

  /**
   * What it has of the machine's memory at present, the most it ever had, and what of it is in use once all garbage is
   * collected; megabytes.
   */
  async memory(): Promise<{ now: number; most: number; inUse: number }> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8');
    const of = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
    const weighed = this.#heard((message) => message.inUse);
    this.#child.send({ weigh: true });
    const inUse = (await weighed) / 1_024 / 1_024;
    return { now: Math.round(of('VmRSS')), most: Math.round(of('VmHWM')), inUse };
  }

  /** The sum of a metric over its labels; 0 where it cannot be asked. */
  async metric(name: string): Promise<number> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const text = await fetch(`${this.#url}/metrics`, { headers, signal: AbortSignal.timeout(5_000) })
      .then((answer) => answer.text())
      .catch(() => '');
    const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** What `/health/ready` says: the status and the stores that are away; null where it does not answer. */
  async health(): Promise<string | null> {
    try {
      const answer = await fetch(`${this.#url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
      const body = (await answer.json()) as { status?: string; degraded?: string[]; down?: string[] };
      const away = [...(body.down ?? []), ...(body.degraded ?? [])];
      return away.length === 0 ? String(body.status) : `${body.status} (${away.join(', ')})`;
    } catch {
      return null;
    }
  }
}

function settingsOf({ name, settings }: EngineOptions): Record<string, string> {
  const own = { name, port: '0', adminToken: ADMIN_TOKEN, logLevel: 'warn', rateLimit: '0', ...settings };
  return Object.fromEntries(
    Object.entries(own).map(([key, value]) => [
      `ORRERY_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      value,
    ]),
  );
}
