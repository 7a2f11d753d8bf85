import { runCommand } from '../../src/cli/main.js';
import type { Terminal } from '../../src/cli/terminal.js';
import type { TestServer } from '../kit/server.js';

/** What a command line came to. */
export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A terminal that keeps what is written, and tells who waits for a text. */
export class Console implements Terminal {
  readonly interactive: boolean;
  readonly progress: boolean;
  readonly colour: boolean;
  readonly width = 100;
  readonly height = 20;
  outText = '';
  errText = '';
  readonly #waiting = new Set<() => void>();

  /** As a pipe, or as a terminal that a person sits at. */
  constructor(kind: 'PIPE' | 'TERMINAL' = 'PIPE') {
    this.interactive = kind === 'TERMINAL';
    this.progress = this.interactive;
    this.colour = this.interactive;
  }

  out(text: string): void {
    this.outText += text;
    for (const look of this.#waiting) look();
  }

  err(text: string): void {
    this.errText += text;
    for (const look of this.#waiting) look();
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves when a text was written to either side. */
  shows(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.outText.includes(text) && !this.errText.includes(text)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** A command line under way. */
export interface Begun {
  readonly console: Console;
  readonly ended: Promise<Answer>;
  /** Ctrl-C. */
  interrupt(): void;
}

/** Begins a command line in this process, for a server when one is given. */
export function begin(args: readonly string[], server?: TestServer, kind?: 'PIPE' | 'TERMINAL'): Begun {
  const console = new Console(kind);
  const controller = new AbortController();
  const where = server ? ['--url', server.url, '--token', server.token] : [];
  const whole = [...args, ...where];
  const context = { terminal: console, signal: controller.signal, version: '0.0.0-test' };
  const ended = runCommand(whole, context).then((code) => ({ code, out: console.outText, err: console.errText }));
  return { console, ended, interrupt: () => controller.abort() };
}

/** Runs a command line to its end. */
export const orrery = (args: readonly string[], server?: TestServer): Promise<Answer> => begin(args, server).ended;
