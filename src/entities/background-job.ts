import { EntitySchema } from 'typeorm';
import { id, instant, int, json, text } from './columns.js';

/** One scheduled thing: the truth about what is due when. */
export interface BackgroundJobRow {
  id: string;
  kind: string;
  /** The id of what it is about; unique within its kind. */
  subject: string;
  project: string | null;
  /** The next due instant. */
  nextRunAt: number;
  /** When it is looked at: its due instant, later while it backs off after a failure, null once it is parked. */
  wakeAt: number | null;
  /** What its kind keeps between two fires. */
  jobState: Record<string, unknown>;
  tag: Record<string, string>;
  /** When its tag was chosen by hand: its kind leaves it alone then. Null: its kind's choice. */
  pinnedAt: number | null;
  /** The shard it belongs to; rules over what its id's hash says. */
  shardId: string;
  /** Rises with each edit and move. */
  generation: number;
  /** Fires in a row that threw. */
  failCount: number;
  failReason: string | null;
  /** Fires in a row that were begun and never ended: the process died in them, perhaps because of this job. */
  attempts: number;
  /** When it was planned last, by the store's clock. */
  plannedAt: number;
}

export const BackgroundJobEntity = new EntitySchema<BackgroundJobRow>({
  name: 'BackgroundJob',
  tableName: 'background_jobs',
  columns: {
    id: id({ primary: true }),
    kind: text(32),
    subject: id(),
    project: text(64, { nullable: true }),
    nextRunAt: instant(),
    wakeAt: instant({ nullable: true }),
    jobState: json(),
    tag: json(),
    pinnedAt: instant({ nullable: true }),
    shardId: id(),
    generation: int(),
    failCount: int(),
    failReason: text(255, { nullable: true }),
    attempts: int(),
    plannedAt: instant(),
  },
  indices: [
    { name: 'ux_background_jobs_subject', columns: ['kind', 'subject'], unique: true },
    { name: 'ix_background_jobs_due', columns: ['shardId', 'wakeAt', 'id'] },
    { name: 'ix_background_jobs_project', columns: ['project'] },
    { name: 'ix_background_jobs_about', columns: ['subject'] },
    { name: 'ix_background_jobs_failing', columns: ['failCount'] },
  ],
});
