import type { SelectQueryBuilder } from 'typeorm';
import type { Ctx } from '../auth/actor.js';
import { visibleClient, visibleProject } from '../auth/scope.js';
import { OccurrenceEntity, type OccurrenceOutcome, type OccurrenceRow } from '../entities/occurrence.js';
import { JOB_RUN_KIND, type JobsDeps } from './deps.js';
import type { DueOutcome, DueQuery, DueTime } from './due-time.js';
import { ON_TIME } from './fire-plan.js';
import { reasonCode } from './reasons.js';

type Query = SelectQueryBuilder<OccurrenceRow>;

const LATENESS = 'occurrence.firedAt - occurrence.scheduledFor';

function outcomeOf(row: OccurrenceRow): DueOutcome {
  return row.outcome === 'RAN' && row.firedAt - row.scheduledFor > ON_TIME ? 'LATE' : row.outcome;
}

function addOutcomes(query: Query, outcomes: readonly DueOutcome[]): void {
  const plain = outcomes.filter((outcome): outcome is Exclude<OccurrenceOutcome, 'RAN'> =>
    ['WAITING', 'SKIPPED', 'MISSED', 'LOST', 'FAILED'].includes(outcome),
  );
  const parts = [
    ...(plain.length > 0 ? ['occurrence.outcome IN (:...plain)'] : []),
    ...(outcomes.includes('RAN') ? [`(occurrence.outcome = 'RAN' AND ${LATENESS} <= :onTime)`] : []),
    ...(outcomes.includes('LATE') ? [`(occurrence.outcome = 'RAN' AND ${LATENESS} > :onTime)`] : []),
  ];
  query.andWhere(parts.length > 0 ? `(${parts.join(' OR ')})` : '1 = 0', { plain, onTime: ON_TIME });
}

/** Narrows occurrences to jobs by a list of ids or keys, and by client. */
function addJobs(query: Query, ctx: Ctx, { jobs, clientIds }: DueQuery['filter']): void {
  const client = visibleClient(ctx);
  const clients = client === null ? clientIds : [client];
  if (jobs == null && clients == null) return;
  const parts = [
    ...(jobs == null ? [] : [jobs.length > 0 ? '(job.id IN (:...jobs) OR job.key IN (:...jobs))' : '1 = 0']),
    ...(clients == null ? [] : [clients.length > 0 ? 'job.client_key IN (:...clients)' : '1 = 0']),
  ];
  const key = query.escape('key');
  const where = parts.join(' AND ').replaceAll('job.key', `job.${key}`);
  query.andWhere(`occurrence.subject IN (SELECT job.id FROM jobs job WHERE ${where})`, { jobs, clients });
}

/** What came of the due times in a window, oldest first. */
export async function pastDueTimes(deps: Pick<JobsDeps, 'db'>, ctx: Ctx, due: DueQuery): Promise<DueTime[]> {
  const query = deps.db.manager.getRepository(OccurrenceEntity).createQueryBuilder('occurrence');
  query.where('occurrence.kind = :kind', { kind: JOB_RUN_KIND });
  const project = visibleProject(ctx);
  if (project !== null) query.andWhere('occurrence.project = :project', { project });
  const from = Math.max(due.from, due.after?.at ?? due.from);
  query.andWhere('occurrence.scheduledFor >= :from AND occurrence.scheduledFor <= :to', { from, to: due.to });
  if (due.after) {
    const behind = '(occurrence.scheduledFor > :at OR (occurrence.scheduledFor = :at AND occurrence.id > :id))';
    query.andWhere(behind, due.after);
  }
  addJobs(query, ctx, due.filter);
  if (due.filter.outcomes != null) addOutcomes(query, due.filter.outcomes);
  query.orderBy('occurrence.scheduledFor').addOrderBy('occurrence.id').limit(due.limit);
  return (await query.getMany()).map((row) => ({
    id: row.id,
    jobId: row.subject,
    at: row.scheduledFor,
    until: row.until,
    count: row.count,
    outcome: outcomeOf(row),
    reason: reasonCode(row.reason),
    runId: row.runId,
    firedAt: row.firedAt,
  }));
}
