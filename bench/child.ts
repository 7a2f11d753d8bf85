import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Another program of a benchmark in a process of its own, which ends with it; they talk by messages. */
export interface BenchChild {
  readonly pid: number;
  readonly process: ChildProcess;
  /** The next message. Rejects when the process ends instead. */
  next<T>(): Promise<T>;
  /** Resolves when it has ended. */
  readonly exit: Promise<unknown>;
  end(): Promise<void>;
}

/** Starts `bench/<program>` with arguments. */
export function startChild(
  program: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): BenchChild {
  const child = spawn(process.execPath, ['scripts/run-ts.mjs', program, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', ...environment },
  });
  const exit = once(child, 'exit');
  const messages: unknown[] = [];
  let wake = (): void => {};
  child.on('message', (message) => {
    messages.push(message);
    wake();
  });
  let ended = false;
  void exit.then(() => {
    ended = true;
    wake();
  });
  if (child.pid === undefined) throw new Error(`${program} did not start`);
  return {
    pid: child.pid,
    process: child,
    exit,
    next: async <T>() => {
      while (messages.length === 0) {
        if (ended) throw new Error(`${program} ended early`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages.shift() as T;
    },
    end: async () => {
      child.kill();
      await exit;
    },
  };
}
