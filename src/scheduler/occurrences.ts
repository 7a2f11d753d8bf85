import type { Database } from '../db/database.js';
import { keysetPage, type Page, type PageRequest } from '../db/page.js';
import { RowQuery } from '../db/row-query.js';
import type { Tx } from '../db/transaction.js';
import { OccurrenceEntity, type OccurrenceRow } from '../entities/occurrence.js';

/** One instant of one background job as a text. */
export const instantKey = (backgroundJobId: string, scheduledFor: number): string =>
  `${backgroundJobId}@${scheduledFor}`;

/** Which of these instants have an occurrence already. */
export async function recordedInstants(
  tx: Tx,
  instants: readonly { id: string; scheduledFor: number }[],
): Promise<Set<string>> {
  if (instants.length === 0) return new Set();
  const where = instants.map(() => '(background_job_id = ? AND scheduled_for = ?)').join(' OR ');
  const sql = `SELECT background_job_id, scheduled_for FROM occurrences WHERE ${where}`;
  const values = instants.flatMap(({ id, scheduledFor }) => [id, scheduledFor]);
  const rows = await tx.rows<{ background_job_id: string; scheduled_for: number | string }>(sql, values);
  return new Set(rows.map((row) => instantKey(row.background_job_id, Number(row.scheduled_for))));
}

/** Which occurrences a list shows; every field narrows it. */
export interface OccurrenceFilter {
  /** Left out = of every project. */
  readonly project?: string;
  readonly kind: string;
  readonly subject?: string;
  /** Epoch milliseconds: `from` <= scheduledFor < `to`. */
  readonly from?: number;
  readonly to?: number;
}

/** What came of the due instants of a kind, the latest first. Throws InvalidInputError for a bad page or cursor. */
export function listOccurrences(
  db: Database,
  filter: OccurrenceFilter,
  request: PageRequest,
): Promise<Page<OccurrenceRow>> {
  const query = new RowQuery(db.reader, OccurrenceEntity, 'occurrence');
  query.andWhere('occurrence.kind = :kind', { kind: filter.kind });
  if (filter.project !== undefined) query.andWhere('occurrence.project = :project', { project: filter.project });
  if (filter.subject !== undefined) query.andWhere('occurrence.subject = :subject', { subject: filter.subject });
  if (filter.from !== undefined) query.andWhere('occurrence.scheduledFor >= :from', { from: filter.from });
  if (filter.to !== undefined) query.andWhere('occurrence.scheduledFor < :to', { to: filter.to });
  const order = [
    { property: 'scheduledFor', direction: 'DESC' },
    { property: 'id', direction: 'DESC' },
  ] as const;
  return keysetPage(query, order, request, 'occurrences');
}
