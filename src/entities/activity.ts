import { EntitySchema } from 'typeorm';
import type { StoredRole } from './api-token.js';
import { id, instant, json, text } from './columns.js';

/** One command: who did what, when, from where, and how it ended. */
export interface ActivityRow {
  id: string;
  /** The project it happened in; null for what belongs to the operator. */
  project: string | null;
  actorId: string;
  actorName: string;
  role: StoredRole;
  /** The mutation's name. */
  action: string;
  /** The id of what it was done to; null when there is none. */
  subject: string | null;
  /** `OK`, or the code of the error it was refused with. */
  outcome: string;
  /** What is worth keeping of the input; never a secret. */
  detail: Record<string, unknown> | null;
  via: string;
  address: string | null;
  requestId: string;
  at: number;
}

export const ActivityEntity = new EntitySchema<ActivityRow>({
  name: 'Activity',
  tableName: 'activity',
  columns: {
    id: id({ primary: true }),
    project: id({ nullable: true }),
    actorId: text(255),
    actorName: text(255),
    role: text(16),
    action: id(),
    subject: id({ nullable: true }),
    outcome: id(),
    detail: json({ nullable: true }),
    via: text(16),
    address: id({ nullable: true }),
    requestId: id(),
    at: instant(),
  },
  indices: [
    { name: 'ix_activity_at', columns: ['at', 'id'] },
    { name: 'ix_activity_project', columns: ['project', 'at', 'id'] },
    { name: 'ix_activity_actor', columns: ['actorId', 'at', 'id'] },
    { name: 'ix_activity_action', columns: ['action', 'at', 'id'] },
    { name: 'ix_activity_subject', columns: ['subject', 'at', 'id'] },
    { name: 'ix_activity_outcome', columns: ['outcome', 'at', 'id'] },
  ],
});
