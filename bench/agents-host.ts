// Some agents of bench/agents.ts in one process: the real agent over the real API, but its executor ends at once and
// starts no child. Says "ready" when all have registered, then tells of each run that it begins.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgent } from '../src/agent/agent.js';
import { openAgentDirectory } from '../src/agent/agent-directory.js';
import type { Executor } from '../src/agent/executors/executor.js';
import { fixedToken } from '../src/agent/token-source.js';

/** What an agent begins, and when: epoch milliseconds. */
export interface Begun {
  readonly runId: string;
  readonly at: number;
}

const [, , url = ''] = process.argv;

const executor: Executor = {
  name: 'bench',
  supports: () => true,
  holds: async () => false,
  async run(_action, { runId }) {
    process.send?.({ runId, at: Date.now() } satisfies Begun);
    return { ok: true, end: 'finished', exitCode: 0, message: 'There was nothing to do.' };
  },
};

async function begin(tokens: Record<string, string>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'orrery-bench-'));
  const catalog = { capabilities: [], available: [executor], unavailable: [] };
  const agents = await Promise.all(
    Object.entries(tokens).map(async ([clientId, token]) => {
      const directory = await openAgentDirectory(join(root, clientId), clientId, clientId);
      const log = (level: string, message: string): void => {
        if (level !== 'info') console.error(`${clientId}: ${message}`);
      };
      const shared = { url, clientId, hostname: clientId, version: 'bench', directory, catalog, env: {}, log };
      return createAgent({ ...shared, tokens: fixedToken(token) });
    }),
  );
  await Promise.all(agents.map((agent) => agent.ready));
  process.send?.('ready');
  process.once('message', async () => {
    await Promise.all(agents.map((agent) => agent.stop('The benchmark is over.', 0)));
    await rm(root, { recursive: true });
    process.exit();
  });
}

process.once('message', (tokens) => begin(tokens as Record<string, string>));
process.on('disconnect', () => process.exit());
