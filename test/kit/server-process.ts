import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createOrreryClient, createSdk, type OrreryClient, type OrrerySdk } from '@orrery/sdk';
import { ADMIN_TOKEN } from './server.js';

const ORRERY = fileURLToPath(new URL('../../bin/orrery.js', import.meta.url));
/** `orrery serve` with leased work that a test steers by files: see there. */
export const WORKING_SERVER = fileURLToPath(new URL('working-server.mjs', import.meta.url));

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What `GET /health/ready` says. */
export interface Readiness {
  readonly code: number;
  readonly status: string;
  readonly degraded: readonly string[];
  readonly down: readonly string[];
  readonly reasons: Readonly<Record<string, string>>;
}

type Settings = Readonly<Record<string, string>>;

/** The environment of a server: nothing of this process' own settings, but PATH and HOME. */
function environmentOf(settings: Settings): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  const given = Object.entries(settings).map(([key, value]) => [
    `ORRERY_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
    value,
  ]);
  return { PATH, HOME, ...Object.fromEntries(given) };
}

/** `orrery` as a process of its own, with settings as the keys of the configuration (`dataDir`, `runLease`). */
function spawnOrrery(args: readonly string[], settings: Settings, env: Settings = {}, program = ORRERY): ChildProcess {
  return spawn(process.execPath, [program, ...args], {
    env: { ...environmentOf(settings), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The environment of a process whose clock is so many milliseconds ahead of this host's. */
export function clockAhead(milliseconds: number): Settings {
  const module = `const now = Date.now; Date.now = () => now() + ${milliseconds};`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}

/** Runs `orrery` to its end. */
export async function runOrrery(
  args: readonly string[],
  settings: Settings,
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawnOrrery(args, settings);
  let out = '';
  let err = '';
  child.stdout?.on('data', (data) => (out += data));
  child.stderr?.on('data', (data) => (err += data));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err };
}

/** `orrery serve` as a process of its own, which can be killed. */
export class ServerProcess {
  readonly url: string;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #lines: string[];
  readonly #clients: OrreryClient[] = [];

  private constructor(child: ChildProcess, url: string, ended: Promise<Ended>, lines: string[]) {
    this.#child = child;
    this.url = url;
    this.ended = ended;
    this.#lines = lines;
  }

  /**
   * Starts a server with all rights for ADMIN_TOKEN; resolves when it answers, rejects with its words when it ends.
   * `env`: variables that are not the server's own. `program`: what is run in place of `orrery`.
   */
  static async start(settings: Settings, env: Settings = {}, program?: string): Promise<ServerProcess> {
    const given = {
      port: '0',
      adminToken: ADMIN_TOKEN,
      logLevel: 'warn',
      rateLimit: '0',
      ...settings,
    };
    const child = spawnOrrery(['serve'], given, env, program);
    const lines: string[] = [];
    const ended = new Promise<Ended>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
    child.stderr?.on('data', (data) => lines.push(String(data)));
    const url = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stdout?.on('data', (data) => {
        said += data;
        const found = /answers at (http\S+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      void ended.then(({ code }) => reject(new Error(`The server ended with ${code}: ${lines.join('')}`)));
    });
    return new ServerProcess(child, url, ended, lines);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('The server was not started.');
    return this.#child.pid;
  }

  get port(): string {
    return new URL(this.url).port;
  }

  get endpoint(): string {
    return `${this.url}/graphql`;
  }

  /** What it logged as errors: bugs, by its own account. */
  faults(): string[] {
    return this.#lines
      .join('')
      .split('\n')
      .filter((line) => line.includes('"level":"error"'));
  }

  client(token = ADMIN_TOKEN): OrreryClient {
    const client = createOrreryClient({ url: this.endpoint, token: () => token, longestWait: 200 });
    this.#clients.push(client);
    return client;
  }

  sdk(token = ADMIN_TOKEN): OrrerySdk {
    return createSdk(this.client(token));
  }

  async ready(): Promise<Readiness> {
    const answer = await fetch(`${this.url}/health/ready`);
    const body = (await answer.json()) as Omit<Readiness, 'code'>;
    return { code: answer.status, ...body };
  }

  /** The numbers of a metric in /metrics, summed over its labels. */
  async metric(name: string): Promise<number> {
    const answer = await fetch(`${this.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    const lines = (await answer.text()).split('\n').filter((line) => new RegExp(`^${name}[ {]`).test(line));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** Resident memory in bytes (Linux). */
  memory(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it by a signal, and waits for its end. */
  async end(name: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    for (const client of this.#clients.splice(0)) await client.close();
    this.signal(name);
    return this.ended;
  }
}
