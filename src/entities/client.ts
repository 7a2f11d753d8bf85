import { EntitySchema } from 'typeorm';
import { id, instant, json, text } from './columns.js';

/** A host that runs an agent. */
export interface ClientRow {
  id: string;
  project: string;
  /** What the outside world calls it: a document's `client_id`. */
  key: string;
  hostname: string;
  description: string;
  version: string;
  /** What it can execute, as the agent found it: executors and their versions. */
  capabilities: Record<string, unknown>;
  createdAt: number;
  lastSeenAt: number;
  /** The agent process that registered last. */
  sessionId: string | null;
  /** '' while it is registered, its id once it is removed. */
  slot: string;
}

export const ClientEntity = new EntitySchema<ClientRow>({
  name: 'Client',
  tableName: 'clients',
  columns: {
    id: id({ primary: true }),
    project: text(64),
    key: text(255),
    hostname: text(255),
    description: text(255),
    version: text(64),
    capabilities: json(),
    createdAt: instant(),
    lastSeenAt: instant(),
    sessionId: id({ nullable: true }),
    slot: id(),
  },
  indices: [
    { name: 'ux_clients_key', columns: ['project', 'key', 'slot'], unique: true },
    { name: 'ix_clients_created', columns: ['project', 'slot', 'createdAt', 'id'] },
    { name: 'ix_clients_seen', columns: ['project', 'slot', 'lastSeenAt', 'id'] },
    { name: 'ix_clients_all', columns: ['slot', 'createdAt', 'id'] },
    { name: 'ix_clients_all_seen', columns: ['slot', 'lastSeenAt', 'id'] },
    { name: 'ix_clients_all_key', columns: ['key', 'slot'] },
    { name: 'ix_clients_hostname', columns: ['hostname', 'slot'] },
  ],
});
