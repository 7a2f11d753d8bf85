import type { ClientLineFragment } from '@orrery/sdk';
import { instant, type Row } from '../output/cell.js';

/** What a list of clients shows. */
export const CLIENT_COLUMNS = ['key', 'state', 'lastSeenAt', 'hostname', 'version', 'description'];

/** A client as a row. */
export function clientRow(client: ClientLineFragment): Row {
  return {
    key: client.key,
    id: client.id,
    project: client.project,
    state: client.state,
    lastSeenAt: instant(client.lastSeenAt),
    hostname: client.hostname,
    version: client.version,
    description: client.description,
    createdAt: instant(client.createdAt),
  };
}
