import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentToken, createJob } from './api.js';
import type { DueJob } from './fire-load.js';
import type { Random } from './random.js';
import { type Rhythm, scheduleInput } from './rhythm.js';

const ORRERY = fileURLToPath(new URL('../../bin/orrery.js', import.meta.url));
const CLIENT = 'chaos-host';

/** One line that a run left on its host. */
export interface Line {
  readonly runId: string;
  readonly jobKey: string;
  /** By the host's clock, epoch milliseconds. */
  readonly at: number;
}

/**
 * Jobs whose runs append one line each to a file on a host, by a real agent. Each is due once a second, so `perSecond`
 * jobs are as many runs a second.
 */
export class ExecutedLoad {
  readonly jobs: readonly DueJob[];
  readonly #file: string;
  readonly #agent: ChildProcess;

  private constructor(jobs: readonly DueJob[], file: string, agent: ChildProcess) {
    this.jobs = jobs;
    this.#file = file;
    this.#agent = agent;
  }

  static async start(
    front: string,
    directory: string,
    random: Random,
    load: { perSecond: number; from: number },
  ): Promise<ExecutedLoad> {
    const home = join(directory, 'host');
    await mkdir(home, { recursive: true });
    const file = join(home, 'lines');
    const token = await agentToken(front, CLIENT);
    const args = ['--client-id', CLIENT, '--server', front, '--allow', 'exec', '--data-dir', join(home, 'agent')];
    const { PATH, HOME } = process.env;
    const agent = spawn(process.execPath, [ORRERY, 'agent', ...args, '--max-runs', '8'], {
      env: { PATH, HOME, NODE_ENV: 'production', ORRERY_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A Ctrl-C of the terminal is ours to answer.
      detached: true,
    });
    const log = createWriteStream(join(directory, 'agent.log'), { flags: 'a' });
    agent.stdout.pipe(log);
    agent.stderr.pipe(log);
    const jobs: DueJob[] = [];
    for (let index = 0; index < load.perSecond; index += 1) {
      const from = load.from + random.between(0, 999);
      const rhythm: Rhythm = { kind: 'every', from, milliseconds: 1_000 };
      const key = `executed-${index}`;
      const line = `printf '%s %s %s\\n' "$ORRERY_RUN_ID" ${key} "$EPOCHREALTIME" >> ${file}`;
      const actions = [{ freezerAction: { action: 'exec', command: ['/bin/bash', '-c', line] } }];
      const rules = { overlap: 'ALLOW_ALL', catchup: 'ALL', schedule: scheduleInput(rhythm) };
      jobs.push({ id: await createJob(front, { key, clientId: CLIENT, actions, ...rules }), rhythm });
    }
    return new ExecutedLoad(jobs, file, agent);
  }

  /** Every line that was written so far. */
  async lines(): Promise<Line[]> {
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [runId = '', jobKey = '', at = ''] = line.split(' ');
        return { runId, jobKey, at: Math.floor(Number(at) * 1_000) };
      });
  }

  end(): void {
    this.#agent.kill('SIGKILL');
  }
}
