import type { Scenario } from '../scenario.js';
import { CALM_SCENARIOS } from './calm.js';
import { GALERA_SCENARIO } from './galera.js';
import { NETWORK_SCENARIO } from './network.js';
import { SERVER_SCENARIOS } from './servers.js';
import { STORE_SCENARIOS } from './stores.js';
import { SHORT, STORM } from './storm.js';
import { VERSIONS_SCENARIO } from './versions.js';

/** Every scenario, in the order in which `--scenario all` runs them. */
export const SCENARIOS: readonly Scenario[] = [
  STORM,
  SHORT,
  ...CALM_SCENARIOS,
  ...SERVER_SCENARIOS,
  ...STORE_SCENARIOS,
  NETWORK_SCENARIO,
  VERSIONS_SCENARIO,
  GALERA_SCENARIO,
];
