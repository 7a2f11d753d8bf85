import { type ChildProcess, spawn } from 'node:child_process';

/** One command of a page's session and what the page shows of its output. */
export interface Step {
  command: string;
  /** Lines as they are written; `…` stands for anything within a line, and alone on a line for any lines. */
  shown: string[];
  /** It goes on while the next steps run: a server, a watch. */
  background: boolean;
}

/** What a step gave. */
export interface Outcome {
  code: number | null;
  /** Standard output and error together, as a terminal shows them. */
  output: string;
}

const BLOCK = /(<!-- (session|background) -->\n+)```console\n([\s\S]*?)```/g;

/** The steps of a page: its `console` blocks marked `<!-- session -->` or `<!-- background -->`, in order. */
export function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  for (const [, , kind, text = ''] of page.matchAll(BLOCK)) {
    for (const line of text.trimEnd().split('\n')) {
      const command = /^\$ (.*)$/.exec(line)?.[1];
      if (command !== undefined) steps.push({ command, shown: [], background: kind === 'background' });
      else steps.at(-1)?.shown.push(line);
    }
  }
  return steps;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What a page shows, as a pattern of what a terminal gives: blanks in any number, `…` for anything. */
export function patternOf(shown: readonly string[]): RegExp {
  const lines = shown.map((line) => {
    if (line.trim() === '…') return '(?:[^\\n]*\\n)*?';
    const parts = line
      .trim()
      .split('…')
      .map((part) => escaped(part).replace(/\s+/g, '\\s+'));
    return `\\s*${parts.join('[^\\n]*?')}[^\\S\\n]*\\n`;
  });
  return new RegExp(`(?:^|\\n)${lines.join('')}`);
}

/** A terminal in which the commands of a page are typed, one after the other. */
export class Terminal {
  readonly #cwd: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #children = new Set<ChildProcess>();

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#cwd = cwd;
    this.#env = env;
  }

  #spawn(command: string): ChildProcess {
    const child = spawn('bash', ['-c', command], {
      cwd: this.#cwd,
      env: this.#env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Types a command and waits for its end. */
  run(command: string): Promise<Outcome> {
    const child = this.#spawn(command);
    let output = '';
    child.stdout?.on('data', (data) => (output += data));
    child.stderr?.on('data', (data) => (output += data));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
  }

  /** Types a command that goes on, and waits until its output fits the pattern. Rejects when it ends before. */
  background(command: string, until: RegExp): Promise<string> {
    const child = this.#spawn(command);
    let output = '';
    return new Promise((resolve, reject) => {
      const take = (data: Buffer): void => {
        output += data;
        if (until.test(output)) resolve(output);
      };
      child.stdout?.on('data', take);
      child.stderr?.on('data', take);
      child.once('close', (code) => reject(new Error(`"${command}" ended with ${code}:\n${output}`)));
    });
  }

  /** Ctrl-C for what still runs, and waits for its end. */
  async close(): Promise<void> {
    const ends = [...this.#children].map((child) => {
      const ended = new Promise((resolve) => child.once('close', resolve));
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
      return ended;
    });
    await Promise.all(ends);
  }
}
