import { EntitySchema } from 'typeorm';
import { id, instant, int, json, text } from './columns.js';

/** FAILED: it was ACTIVE and has not been heard of for the time of a lease. STOPPED: it ended in order. */
export type ServiceState = 'ACTIVE' | 'DRAINING' | 'STOPPED' | 'FAILED';

/** An engine process that is or was there. A restart on the same host under the same name keeps the id. */
export interface ServiceRow {
  id: string;
  host: string;
  name: string;
  version: string;
  /** What it can be chosen by; host and name are always among them. */
  labels: Record<string, string>;
  /** Rises with each start. */
  incarnation: number;
  state: ServiceState;
  startedAt: number;
  /** The last heartbeat, by the store's clock. */
  lastSeenAt: number;
}

export const ServiceEntity = new EntitySchema<ServiceRow>({
  name: 'Service',
  tableName: 'services',
  columns: {
    id: id({ primary: true }),
    host: text(255),
    name: text(64),
    version: text(64),
    labels: json(),
    incarnation: int(),
    state: text(16),
    startedAt: instant(),
    lastSeenAt: instant(),
  },
  indices: [
    { name: 'ux_services_name', columns: ['host', 'name'], unique: true },
    { name: 'ix_services_seen', columns: ['state', 'lastSeenAt'] },
    { name: 'ix_services_name', columns: ['name', 'host'] },
    { name: 'ix_services_state', columns: ['state', 'host', 'name'] },
    { name: 'ix_services_last_seen', columns: ['lastSeenAt', 'id'] },
  ],
});
