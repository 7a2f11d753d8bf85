import { once } from 'node:events';

/** The terminal that a command talks to; injected, so that a test reads what a person would see. */
export interface Terminal {
  /** What was asked for: goes to pipes and files. */
  out(text: string): void;
  /** Everything else: progress, warnings, failures. */
  err(text: string): void;
  /** Resolves when more may be written to standard output: what it cannot pass on yet is held in memory. */
  drained(): Promise<void>;
  /** Whether a person reads standard output. */
  readonly interactive: boolean;
  /** Whether standard error is a terminal, on which a line can be drawn again. */
  readonly progress: boolean;
  /** In characters. */
  readonly width: number;
  /** In lines. */
  readonly height: number;
  /** Whether colours are wanted. */
  readonly colour: boolean;
}

/** The process's own terminal. */
export function processTerminal(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Terminal {
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    drained: async () => {
      if (stdout.writableNeedDrain) await once(stdout, 'drain');
    },
    interactive: stdout.isTTY === true,
    progress: stderr.isTTY === true,
    get width() {
      return stdout.columns ?? 120;
    },
    get height() {
      return stdout.rows ?? 40;
    },
    colour: stdout.isTTY === true && stdout.hasColors?.() === true,
  };
}
