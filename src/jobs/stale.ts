import type { Reader, Tx } from '../db/transaction.js';
import type { JobRow } from '../entities/job.js';
import type { NewEvent } from '../events/topics.js';
import { MINUTE } from '../lib/time.js';
import type { Desired, DueJob, Fired, Kind } from '../scheduler/kinds.js';
import type { JobsDeps } from './deps.js';

/** The scheduler's kind of the chore that tells which jobs have become stale. */
export const JOB_STALE_KIND = 'job-stale';

const SUBJECT = 'jobs';
/** Jobs told of in one transaction. */
const BATCH = 500;

type StaleJob = Pick<JobRow, 'id' | 'project' | 'key' | 'clientKey' | 'lastSuccessAt' | 'staleAt'>;

/** Up to where the chore has told: an instant and, among jobs of that instant, an id. */
interface Told {
  at: number;
  id: string;
}

const FIND = `SELECT id, project, \`key\`, client_key AS clientKey, last_success_at AS lastSuccessAt, stale_at AS staleAt
  FROM jobs WHERE slot = '' AND stale_at >= ? AND stale_at <= ? AND (stale_at > ? OR (stale_at = ? AND id > ?))
  ORDER BY stale_at, id LIMIT ${BATCH}`;

/** How many jobs are stale at `now` (epoch milliseconds), over all projects. By the index alone. */
export async function countStale(reader: Pick<Reader, 'rows'>, now: number): Promise<number> {
  const sql = "SELECT COUNT(*) AS count FROM jobs WHERE slot = '' AND stale_at <= ?";
  const [row] = await reader.rows<{ count: number | string }>(sql, [now]);
  return Number(row?.count ?? 0);
}

function toldOf(state: Record<string, unknown>, due: DueJob): Told {
  const { at, id } = state;
  return typeof at === 'number' && typeof id === 'string' ? { at, id } : { at: due.scheduledFor - MINUTE, id: '' };
}

function factOf(job: StaleJob): NewEvent<'jobStale'> {
  const lastSuccessAt = job.lastSuccessAt === null ? null : Number(job.lastSuccessAt);
  const payload = { key: job.key, clientKey: job.clientKey, lastSuccessAt };
  return { topic: 'jobStale', project: job.project, subject: job.id, payload };
}

/** Appends the fact that jobs are stale. */
export async function tellStale(tx: Tx, deps: Pick<JobsDeps, 'outbox'>, jobs: readonly StaleJob[]): Promise<void> {
  await deps.outbox.append(tx, ...jobs.map(factOf));
}

/** Tells of the jobs that became stale since the last time, each once; comes back at once while there are more. */
async function tell(tx: Tx, deps: Pick<JobsDeps, 'outbox'>, due: DueJob, now: number): Promise<Fired> {
  const told = toldOf(due.state, due);
  const jobs = await tx.rows<StaleJob>(FIND, [told.at, now, told.at, told.at, told.id]);
  await tellStale(tx, deps, jobs);
  const last = jobs.at(-1);
  const state = jobs.length === BATCH && last ? { at: Number(last.staleAt), id: last.id } : { at: now, id: '\uffff' };
  const nextRunAt =
    jobs.length === BATCH ? Math.max(now, due.scheduledFor + 1) : Math.max(now, due.scheduledFor) + MINUTE;
  return { id: due.id, nextRunAt, state, occurrences: [] };
}

async function* desired(deps: Pick<JobsDeps, 'db'>): AsyncIterable<Desired> {
  yield { subject: SUBJECT, project: null, nextRunAt: await deps.db.now() };
}

/** A chore that appends `jobStale` for each job whose last success has become too old. */
export function jobStaleKind(deps: Pick<JobsDeps, 'db' | 'outbox'>): Kind {
  return {
    kind: JOB_STALE_KIND,
    defaultTag: {},
    recordsOccurrences: false,
    async fire(tx, due, now) {
      const fired: Fired[] = [];
      for (const one of due) fired.push(await tell(tx, deps, one, now));
      return fired;
    },
    desired: () => desired(deps),
  };
}
