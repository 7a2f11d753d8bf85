import { EntitySchema } from 'typeorm';
import { id, instant, int, text } from './columns.js';

/** Work in progress on an engine: who does it, until when it counts as alive, and the number its writes carry. */
export interface LeaseRow {
  id: string;
  kind: string;
  subject: string;
  serviceId: string;
  incarnation: number;
  /** Rises with each taking; a stale one is refused. */
  fence: number;
  leaseUntil: number;
  startedAt: number;
}

export const LeaseEntity = new EntitySchema<LeaseRow>({
  name: 'Lease',
  tableName: 'leases',
  columns: {
    id: id({ primary: true }),
    kind: text(32),
    subject: id(),
    serviceId: id(),
    incarnation: int(),
    fence: int(),
    leaseUntil: instant(),
    startedAt: instant(),
  },
  indices: [
    { name: 'ux_leases_subject', columns: ['kind', 'subject'], unique: true },
    { name: 'ix_leases_service', columns: ['serviceId', 'leaseUntil'] },
  ],
});
