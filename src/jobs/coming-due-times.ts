import type { Ctx } from '../auth/actor.js';
import { BackgroundJobEntity } from '../entities/background-job.js';
import { JobEntity, type JobRow } from '../entities/job.js';
import { isContinuous, nextFires } from '../schedule/next.js';
import type { Schedule } from '../schedule/types.js';
import { isPlanned } from './command-table.js';
import { JOB_RUN_KIND, type JobsDeps } from './deps.js';
import { compareDue, type DueQuery, type DueTime } from './due-time.js';
import { ON_TIME } from './fire-plan.js';
import { addJobFilter } from './list.js';
import type { ReasonCode } from './reasons.js';
import { ofReadable } from './schedule-of.js';

/** Jobs read at once; reading goes on while an earlier instant may still be found. */
const PAGE = 500;

type Planned = Pick<JobRow, 'id' | 'schedule'> & { nextRunAt: number };

/** The due times that one job has ahead within the window and behind the place, in order. */
function instantsOf(job: Planned, due: DueQuery): number[] {
  const least = Math.max(due.from, due.after?.at ?? due.from);
  const laterOf = (schedule: Schedule): number[] =>
    schedule.kind === 'none' || isContinuous(schedule)
      ? []
      : nextFires(schedule, Math.max(job.nextRunAt, least - 1), due.limit);
  const first = job.nextRunAt >= least ? [job.nextRunAt] : [];
  const behind = (at: number): boolean => due.after === null || compareDue({ at, id: job.id }, due.after) > 0;
  return [...first, ...ofReadable(job, laterOf, [])].filter((at) => at <= due.to && behind(at)).slice(0, due.limit);
}

/** The place of the last job read, in the order of reading. */
type Mark = Pick<JobRow, 'id' | 'nextRunAt'>;

interface JobsPage {
  jobs: Planned[];
  /** Null when there is nothing behind this page. */
  last: Mark | null;
}

async function pageOfJobs(deps: JobsDeps, ctx: Ctx, due: DueQuery, last: Mark | null): Promise<JobsPage> {
  const query = deps.db.manager.getRepository(JobEntity).createQueryBuilder('job');
  query.select(['job.id', 'job.nextRunAt', 'job.schedule', 'job.status', 'job.event', 'job.statusBefore']);
  addJobFilter(query, ctx, { clientIds: due.filter.clientIds }, due.now);
  const names = due.filter.jobs;
  if (names != null) {
    query.andWhere(names.length > 0 ? '(job.id IN (:...names) OR job.key IN (:...names))' : '1 = 0', { names });
  }
  query.andWhere('job.nextRunAt <= :to', { to: due.to });
  if (last) {
    const behind = '(job.nextRunAt > :at OR (job.nextRunAt = :at AND job.id > :id))';
    query.andWhere(`job.nextRunAt >= :at AND ${behind}`, { at: last.nextRunAt, id: last.id });
  }
  const rows = await query.orderBy('job.nextRunAt').addOrderBy('job.id').limit(PAGE).getMany();
  const jobs = rows.flatMap((job) => {
    const { id, schedule, nextRunAt } = job;
    return nextRunAt !== null && isPlanned(job) ? [{ id, schedule, nextRunAt }] : [];
  });
  return { jobs, last: rows.length === PAGE ? (rows.at(-1) ?? null) : null };
}

/** Which of these jobs the firing has given up on for the moment. */
export async function failingJobs(deps: Pick<JobsDeps, 'db'>, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const query = deps.db.manager.getRepository(BackgroundJobEntity).createQueryBuilder('due');
  query.select(['due.id', 'due.subject']).where('due.kind = :kind', { kind: JOB_RUN_KIND });
  query.andWhere('due.subject IN (:...ids) AND due.failCount > 0', { ids });
  return new Set((await query.getMany()).map((row) => row.subject));
}

/** Why a due time that has come is not fired: the firing failed, or no server was there. */
function overdueReason(at: number, now: number, failed: boolean): ReasonCode | null {
  if (failed) return 'FIRING_FAILED';
  return now - at > ON_TIME ? 'SERVER_DOWN' : null;
}

/** The due times that lie ahead in a window (or have come and are not fired yet), oldest first. */
export async function comingDueTimes(deps: JobsDeps, ctx: Ctx, due: DueQuery): Promise<DueTime[]> {
  const { outcomes } = due.filter;
  if (outcomes != null && !outcomes.includes('COMING') && !outcomes.includes('DUE')) return [];
  let found: { at: number; id: string }[] = [];
  for (let mark: Mark | null = null; ; ) {
    const { jobs, last }: JobsPage = await pageOfJobs(deps, ctx, due, mark);
    const more = jobs.flatMap((job) => instantsOf(job, due).map((at) => ({ at, id: job.id })));
    found = [...found, ...more].sort(compareDue).slice(0, due.limit);
    const worst = found.length === due.limit ? found.at(-1)?.at : undefined;
    const complete = worst !== undefined && last?.nextRunAt != null && last.nextRunAt > worst;
    if (last === null || complete) break;
    mark = last;
  }
  const overdue = found.filter(({ at }) => at <= due.now).map(({ id }) => id);
  const failed = await failingJobs(deps, overdue);
  const times = found.map(({ at, id }): DueTime => {
    const come = at <= due.now;
    const reason = come ? overdueReason(at, due.now, failed.has(id)) : null;
    const rest = { until: null, count: 1, runId: null, firedAt: null };
    return { id, jobId: id, at, outcome: come ? 'DUE' : 'COMING', reason, ...rest };
  });
  return outcomes == null ? times : times.filter(({ outcome }) => outcomes.includes(outcome));
}
