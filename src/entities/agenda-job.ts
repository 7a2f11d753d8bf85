import { EntitySchema } from 'typeorm';
import { bool, id, instant, int, json, text } from './columns.js';

/** An entry of Agenda, where SQL is its store. */
export interface AgendaJobRow {
  id: string;
  name: string;
  type: 'normal' | 'single';
  priority: number;
  data: Record<string, unknown>;
  nextRunAt: number | null;
  disabled: boolean;
  /** When it may be locked: its due instant, or the end of the lock that is on it; null = never by itself. */
  wakeAt: number | null;
  /** The service, its incarnation and the number of the lock on it; null when it is free. */
  lockService: string | null;
  lockIncarnation: number | null;
  lockedAt: number | null;
  /** Rises with each lock. */
  fence: number;
  /** Agenda's other fields as it gave them. */
  details: Record<string, unknown>;
}

export const AgendaJobEntity = new EntitySchema<AgendaJobRow>({
  name: 'AgendaJob',
  tableName: 'agenda_jobs',
  columns: {
    id: id({ primary: true }),
    name: text(64),
    type: text(8),
    priority: int(),
    data: json(),
    nextRunAt: instant({ nullable: true }),
    disabled: bool(),
    wakeAt: instant({ nullable: true }),
    lockService: id({ nullable: true }),
    lockIncarnation: int({ nullable: true }),
    lockedAt: instant({ nullable: true }),
    fence: int(),
    details: json(),
  },
  indices: [
    { name: 'ix_agenda_jobs_wake', columns: ['name', 'wakeAt'] },
    { name: 'ix_agenda_jobs_lock', columns: ['lockService'] },
  ],
});
