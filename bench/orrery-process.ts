import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export const ADMIN_TOKEN = 'benchmark-token-of-at-least-thirty-two-characters';

/** A server as operators run it: `node bin/orrery.js serve`, in a process of its own (`npm run build` made it). */
export interface OrreryProcess {
  readonly pid: number;
  /** The GraphQL endpoint. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

function spawnOrrery(args: readonly string[], databaseUrl: string, more: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, ['bin/orrery.js', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      ORRERY_DATABASE_URL: databaseUrl,
      ORRERY_ADMIN_TOKEN: ADMIN_TOKEN,
      ORRERY_PORT: '0',
      ORRERY_RATE_LIMIT: '0',
      ORRERY_LOG_LEVEL: 'warn',
      ...more,
    },
  });
}

/** Makes the tables. */
export async function migrate(databaseUrl: string): Promise<void> {
  const child = spawnOrrery(['migrate'], databaseUrl);
  child.stdout?.resume();
  const [code]: unknown[] = await once(child, 'exit');
  if (code !== 0) throw new Error(`orrery migrate ended with ${code}`);
}

/** Starts a server over a migrated database, with every default but the rate limit; resolves when it answers. */
export async function startOrrery(
  databaseUrl: string,
  flags: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<OrreryProcess> {
  const child = spawnOrrery(['serve', ...flags], databaseUrl, environment);
  const exit = once(child, 'exit');
  let said = '';
  let endpoint: string | undefined;
  for await (const data of child.stdout ?? []) {
    said += String(data);
    endpoint = /answers at (http\S+)/.exec(said)?.[1];
    if (endpoint !== undefined) break;
  }
  if (endpoint === undefined || child.pid === undefined) throw new Error(`The server did not start: ${said}`);
  return {
    pid: child.pid,
    endpoint: `${endpoint}/graphql`,
    stop: async () => {
      child.kill();
      await exit;
    },
  };
}
