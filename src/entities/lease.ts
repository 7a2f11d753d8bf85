import { EntitySchema } from 'typeorm';
import { big, id, instant, int, json, text } from './columns.js';

/** WAITING for an engine that fits, RUNNING on one, PARKED because engines died in it again and again. */
export type LeaseState = 'WAITING' | 'RUNNING' | 'PARKED';

/** Long work on an engine, from its begin to its end: who does it, until when that counts as alive, under which number. */
export interface LeaseRow {
  id: string;
  kind: string;
  /** What the work is about; one piece at a time for each subject of a kind. */
  subject: string;
  state: LeaseState;
  /** What an engine must carry in its labels; the tag of the background job rules over it, where there is one. */
  tag: Record<string, string>;
  /** Null unless it is RUNNING. */
  serviceId: string | null;
  incarnation: number | null;
  /** Rises with each taking; a stale one is refused. */
  fence: number;
  /** By the store's clock; null unless it is RUNNING. */
  leaseUntil: number | null;
  /** When the engine that has it took it; null unless it is RUNNING. */
  startedAt: number | null;
  /** When it may be taken; null unless it is WAITING. */
  wakeAt: number | null;
  createdAt: number;
  /** Takings in a row after which the engine was gone; with the one under way. */
  attempts: number;
  /** Runs in a row that threw. */
  failCount: number;
  /** Why it waits once more, or is parked. */
  reason: string | null;
  /** Rises with each guarded write: the guard row must be written, a mere lock is local to a Galera node. */
  writes: number;
}

export const LeaseEntity = new EntitySchema<LeaseRow>({
  name: 'Lease',
  tableName: 'leases',
  columns: {
    id: id({ primary: true }),
    kind: text(32),
    subject: id(),
    state: text(16),
    tag: json(),
    serviceId: id({ nullable: true }),
    incarnation: int({ nullable: true }),
    fence: int(),
    leaseUntil: instant({ nullable: true }),
    startedAt: instant({ nullable: true }),
    wakeAt: instant({ nullable: true }),
    createdAt: instant(),
    attempts: int(),
    failCount: int(),
    reason: text(255, { nullable: true }),
    writes: big(),
  },
  indices: [
    { name: 'ux_leases_subject', columns: ['kind', 'subject'], unique: true },
    { name: 'ix_leases_service', columns: ['serviceId', 'leaseUntil'] },
    { name: 'ix_leases_state', columns: ['state', 'wakeAt', 'id'] },
  ],
});
