import { type Config, loadConfig } from '../config/config.js';
import { readConfigInput, readProcessEnv } from '../config/process-env.js';

/** Flags of the command line, by name (`--database-url` or `databaseUrl`). */
export type Flags = Readonly<Record<string, string>>;

/** The configuration of this process. Throws ConfigError, which names every fault at once. */
export async function readConfiguration(flags: Flags): Promise<Config> {
  return loadConfig(await readConfigInput(readProcessEnv(), flags));
}
