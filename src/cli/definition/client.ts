import type { OrrerySdk } from '@orrery/sdk';
import { CliFailure, EXIT } from '../failure.js';

/**
 * The client that a new job is for when nobody says: this host's own, else the only one that is registered. Throws
 * CliFailure when it is not clear.
 */
export async function defaultClient(sdk: OrrerySdk, host: string): Promise<string> {
  const { clients } = await sdk.clients({ first: 500 });
  const keys = clients.nodes.map((client) => client.key);
  const own = clients.nodes.find((client) => client.key === host || client.hostname === host);
  if (own) return own.key;
  const [only] = keys;
  if (only === undefined) return host;
  if (keys.length === 1 && !clients.pageInfo.hasNextPage) return only;
  throw new CliFailure(`Say which client it is for: --client ${keys.slice(0, 10).join('|')}.`, EXIT.USAGE);
}
