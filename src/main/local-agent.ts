import type { ApiTokens } from '../auth/tokens.js';
import type { Logger } from '../telemetry/logger.js';

/** What the server's own agent needs. */
export interface LocalAgentOptions {
  url: string;
  dataDir: string;
  tokens: ApiTokens;
  log: Logger;
}

/** The agent that runs in the server's process for its own host. */
export interface LocalAgent {
  readonly clientKey: string;
  stop(): Promise<void>;
}

/** Starts the agent of the embedded default. */
export async function startLocalAgent(_options: LocalAgentOptions): Promise<LocalAgent> {
  throw new Error('The local agent comes with src/agent.');
}
