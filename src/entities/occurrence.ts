import { EntitySchema } from 'typeorm';
import { id, instant, int, text } from './columns.js';

/** WAITING: a run was made and waits for its client; settled later. */
export type OccurrenceOutcome = 'RAN' | 'SKIPPED' | 'MISSED' | 'WAITING' | 'LOST' | 'FAILED';

/** What came of one due instant of a background job, or of a stretch of consecutive missed ones. */
export interface OccurrenceRow {
  id: string;
  backgroundJobId: string;
  kind: string;
  subject: string;
  project: string | null;
  /** The due instant; unique for its background job: a second start of one occurrence is impossible. */
  scheduledFor: number;
  /** The last instant of a stretch; null for a single one. */
  until: number | null;
  /** How many instants the row stands for. */
  count: number;
  outcome: OccurrenceOutcome;
  reason: string | null;
  runId: string | null;
  /** When it was fired, by the store's clock. */
  firedAt: number;
  /** When the run that it made began; null while it has not, and where no run was made. */
  startedAt: number | null;
  /** The fence and the service of the owner that fired it. */
  fence: number;
  serviceId: string;
}

export const OccurrenceEntity = new EntitySchema<OccurrenceRow>({
  name: 'Occurrence',
  tableName: 'occurrences',
  columns: {
    id: id({ primary: true }),
    backgroundJobId: id(),
    kind: text(32),
    subject: id(),
    project: text(64, { nullable: true }),
    scheduledFor: instant(),
    until: instant({ nullable: true }),
    count: int(),
    outcome: text(16),
    reason: text(255, { nullable: true }),
    runId: id({ nullable: true }),
    firedAt: instant(),
    startedAt: instant({ nullable: true }),
    fence: int(),
    serviceId: id(),
  },
  indices: [
    { name: 'ux_occurrences_due', columns: ['backgroundJobId', 'scheduledFor'], unique: true },
    { name: 'ix_occurrences_subject', columns: ['kind', 'subject', 'scheduledFor', 'id'] },
    { name: 'ix_occurrences_project', columns: ['project', 'kind', 'scheduledFor', 'id'] },
    { name: 'ix_occurrences_kind', columns: ['kind', 'scheduledFor', 'id'] },
    { name: 'ix_occurrences_stretch', columns: ['kind', 'until', 'subject', 'scheduledFor'] },
    { name: 'ix_occurrences_run', columns: ['runId'] },
    { name: 'ix_occurrences_fired', columns: ['firedAt'] },
  ],
});
