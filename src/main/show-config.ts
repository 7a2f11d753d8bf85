import { showConfig } from '../config/show.js';
import { type Flags, readConfiguration } from './configuration.js';

/** One setting as it holds: its variable, its value (secrets masked) and who set it. */
export interface ConfigRow {
  variable: string;
  value: string;
  source: string;
}

/** The configuration that `orrery serve` would run with. Throws ConfigError, which names every fault at once. */
export async function shownConfiguration(flags: Flags): Promise<ConfigRow[]> {
  return showConfig(await readConfiguration(flags));
}
