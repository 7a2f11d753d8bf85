import type { Scenario } from '../scenario.js';
import { NETWORK_SCENARIO } from './network.js';
import { SERVER_SCENARIOS } from './servers.js';
import { STORE_SCENARIOS } from './stores.js';
import { SHORT, STORM } from './storm.js';

/** Every scenario, in the order in which `--scenario all` runs them. */
export const SCENARIOS: readonly Scenario[] = [STORM, SHORT, ...SERVER_SCENARIOS, ...STORE_SCENARIOS, NETWORK_SCENARIO];
