import type { Ctx } from '../auth/actor.js';
import { visibleClient, visibleProject } from '../auth/scope.js';
import { RowQuery } from '../db/row-query.js';
import type { Reader } from '../db/transaction.js';
import { OccurrenceEntity, type OccurrenceOutcome, type OccurrenceRow } from '../entities/occurrence.js';
import { JOB_RUN_KIND, type JobsDeps } from './deps.js';
import { type DueOutcome, type DueQuery, type DueTime, stretchOf } from './due-time.js';
import { ON_TIME } from './fire-plan.js';
import { reasonCode } from './reasons.js';

type Query = RowQuery<OccurrenceRow>;

/** Of a run that began: until it did. Rows of an older server do not know when, but when it was made. */
const LATENESS = 'COALESCE(occurrence.startedAt, occurrence.firedAt) - occurrence.scheduledFor';

function outcomeOf(row: OccurrenceRow): DueOutcome {
  const late = row.outcome === 'RAN' && (row.startedAt ?? row.firedAt) - row.scheduledFor > ON_TIME;
  return late ? 'LATE' : row.outcome;
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
    ...(jobs == null ? [] : [jobs.length > 0 ? '(job.id IN (:...jobs) OR job.`key` IN (:...jobs))' : '1 = 0']),
    ...(clients == null ? [] : [clients.length > 0 ? 'job.client_key IN (:...clients)' : '1 = 0']),
  ];
  const where = parts.join(' AND ');
  query.andWhere(`occurrence.subject IN (SELECT job.id FROM jobs job WHERE ${where})`, {
    jobs: jobs ?? [],
    clients: clients ?? [],
  });
}

const IN_ORDER = [
  { property: 'scheduledFor', ascending: true },
  { property: 'id', ascending: true },
];

/**
 * The occurrences that begin WITHIN a window, or the stretches that REACH into it from before: each of the two by an
 * index of its own, as no one index finds both.
 */
export function occurrencesIn(reader: Reader, ctx: Ctx, due: DueQuery, part: 'WITHIN' | 'REACHING'): Query {
  const query = new RowQuery(reader, OccurrenceEntity, 'occurrence');
  query.andWhere('occurrence.kind = :kind', { kind: JOB_RUN_KIND });
  const project = visibleProject(ctx);
  if (project !== null) query.andWhere('occurrence.project = :project', { project });
  if (part === 'WITHIN') {
    const { from, to } = stretchOf(due);
    query.andWhere('occurrence.scheduledFor >= :from AND occurrence.scheduledFor <= :to', { from, to });
  } else {
    query.by('ix_occurrences_stretch');
    query.andWhere('occurrence.until >= :from AND occurrence.scheduledFor < :from', { from: due.from });
  }
  if (due.after) {
    const behind = '(occurrence.scheduledFor > :at OR (occurrence.scheduledFor = :at AND occurrence.id > :id))';
    query.andWhere(behind, { ...due.after });
  }
  if (due.before) {
    const ahead = '(occurrence.scheduledFor < :at OR (occurrence.scheduledFor = :at AND occurrence.id < :id))';
    query.andWhere(ahead, { ...due.before });
  }
  addJobs(query, ctx, due.filter);
  if (due.filter.outcomes != null) addOutcomes(query, due.filter.outcomes);
  return query;
}

/** Whether a stretch from before the window can be asked for: only what is missed is one, and it is first in the list. */
const mayReach = ({ filter, from, after }: DueQuery): boolean =>
  (filter.outcomes?.includes('MISSED') ?? true) && (after === null || after.at < from);

/** What came of the due times in a window, oldest first: the stretches that reach into it, then those that begin in it. */
export async function pastDueTimes(deps: Pick<JobsDeps, 'db'>, ctx: Ctx, due: DueQuery): Promise<DueTime[]> {
  const { reader } = deps.db;
  const read = (part: 'WITHIN' | 'REACHING'): Promise<OccurrenceRow[]> =>
    occurrencesIn(reader, ctx, due, part).rows(null, IN_ORDER, due.limit);
  const parts = await Promise.all([mayReach(due) ? read('REACHING') : [], read('WITHIN')]);
  const rows = parts.flat().slice(0, due.limit);
  return rows.map((row) => ({
    id: row.id,
    jobId: row.subject,
    at: row.scheduledFor,
    until: row.until,
    count: row.count,
    outcome: outcomeOf(row),
    reason: reasonCode(row.reason),
    runId: row.runId,
    firedAt: row.firedAt,
    startedAt: row.startedAt,
  }));
}
