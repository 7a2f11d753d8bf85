import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ORRERY = fileURLToPath(new URL('../../bin/orrery.js', import.meta.url));

/** `orrery` as a process of its own. */
export class Program {
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;
  #output = '';
  #listeners: (() => void)[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exit = once(child, 'close').then(() => {
      this.#tell();
      return child.exitCode;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#tell();
      });
    }
  }

  static start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    const { PATH, HOME } = process.env;
    const options = { env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] as const };
    return new Program(spawn(process.execPath, [ORRERY, ...args], { ...options, stdio: [...options.stdio] }));
  }

  /** What it wrote, on both streams. */
  get output(): string {
    return this.#output;
  }

  /** Resolves with the match when it has written such a thing. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match) return match;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`It ended:\n${this.#output}`);
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
    }
  }

  /** Sends a signal; resolves with the exit code, null when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.#exit;
  }

  /** The exit code, when it has ended by itself. */
  ended(): Promise<number | null> {
    return this.#exit;
  }

  #tell(): void {
    const waiting = this.#listeners;
    this.#listeners = [];
    for (const listener of waiting) listener();
  }
}
