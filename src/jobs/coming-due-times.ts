import type { Ctx } from '../auth/actor.js';
import { RowQuery, type SortColumn } from '../db/row-query.js';
import { BackgroundJobEntity } from '../entities/background-job.js';
import { JobEntity, type JobRow } from '../entities/job.js';
import { Heap } from '../lib/heap.js';
import { isContinuous, nextFires } from '../schedule/next.js';
import type { Schedule } from '../schedule/types.js';
import { isPlanned } from './command-table.js';
import { JOB_RUN_KIND, type JobsDeps } from './deps.js';
import { compareDue, type DuePlace, type DueQuery, type DueTime, stretchOf } from './due-time.js';
import { ON_TIME } from './fire-plan.js';
import { addJobFilter } from './list.js';
import type { ReasonCode } from './reasons.js';
import { ofReadable } from './schedule-of.js';

/** Jobs read at once. */
const PAGE = 500;

type Planned = Pick<JobRow, 'id' | 'schedule'> & { nextRunAt: number };

/** Instants of one schedule that are worked out at once, at most. */
const MOST_AT_ONCE = 64;

/** One job's instants within the window and behind the place, one after the other, worked out as they are needed. */
class Ahead {
  readonly id: string;
  readonly #job: Planned;
  readonly #due: DueQuery;
  #known: number[];
  #last: number;
  #more: boolean;
  #atOnce = 1;

  constructor(job: Planned, due: DueQuery) {
    this.id = job.id;
    this.#job = job;
    this.#due = due;
    this.#known = [job.nextRunAt];
    this.#last = Math.max(job.nextRunAt, due.from - 1);
    const regular = (schedule: Schedule): boolean => schedule.kind !== 'none' && !isContinuous(schedule);
    this.#more = ofReadable(job, regular, false);
  }

  /** The next instant; null when there is none any more. */
  next(): number | null {
    for (;;) {
      const at = this.#known.shift() ?? this.#workOut();
      if (at === undefined || at > this.#due.to) return null;
      if (at >= this.#due.from && this.#isBehind(at)) return at;
    }
  }

  #isBehind(at: number): boolean {
    return this.#due.after === null || compareDue({ at, id: this.id }, this.#due.after) > 0;
  }

  #workOut(): number | undefined {
    if (!this.#more) return undefined;
    const count = this.#atOnce;
    this.#atOnce = Math.min(2 * count, MOST_AT_ONCE);
    this.#known = ofReadable(this.#job, (schedule) => nextFires(schedule, this.#last, count), []);
    this.#more = this.#known.length === count;
    this.#last = this.#known.at(-1) ?? this.#last;
    return this.#known.shift();
  }
}

interface Head {
  at: number;
  id: string;
  ahead: Ahead;
}

/** The place of the last job read, in the order of reading. */
type Mark = Pick<JobRow, 'id' | 'nextRunAt'>;

interface JobsPage {
  jobs: Planned[];
  /** Null when there is nothing behind this page. */
  last: Mark | null;
}

const READ = ['id', 'nextRunAt', 'schedule', 'status', 'event', 'statusBefore'] as const;

const IN_ORDER: readonly SortColumn[] = [
  { property: 'nextRunAt', ascending: true },
  { property: 'id', ascending: true },
];

async function pageOfJobs(deps: JobsDeps, ctx: Ctx, due: DueQuery, last: Mark | null): Promise<JobsPage> {
  const query = new RowQuery(deps.db.reader, JobEntity, 'job');
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
  const rows = await query.rows(READ, IN_ORDER, PAGE);
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

/**
 * The first instants of all jobs together, in order, at most `limit`. Jobs are read in the order of their next runs, and
 * only while one of them may come before what is known; of each, no more is worked out than is taken.
 */
async function firstInstants(deps: JobsDeps, ctx: Ctx, due: DueQuery): Promise<DuePlace[]> {
  const found: DuePlace[] = [];
  const heads = new Heap<Head>(compareDue);
  const advance = (ahead: Ahead): void => {
    const at = ahead.next();
    if (at !== null) heads.add({ at, id: ahead.id, ahead });
  };
  let mark: Mark | null = null;
  let unread = true;
  while (found.length < due.limit) {
    const head = heads.least;
    if (unread && (head === undefined || mark === null || (mark.nextRunAt ?? 0) <= head.at)) {
      const { jobs, last }: JobsPage = await pageOfJobs(deps, ctx, due, mark);
      for (const job of jobs) advance(new Ahead(job, due));
      mark = last;
      unread = last !== null;
      continue;
    }
    if (head === undefined || (due.before && compareDue(head, due.before) >= 0)) break;
    heads.take();
    found.push({ at: head.at, id: head.id });
    advance(head.ahead);
  }
  return found;
}

/** The due times that lie ahead in a window (or have come and are not fired yet), oldest first. */
export async function comingDueTimes(deps: JobsDeps, ctx: Ctx, due: DueQuery): Promise<DueTime[]> {
  const { outcomes } = due.filter;
  const [wantsDue, wantsComing] = [outcomes?.includes('DUE') ?? true, outcomes?.includes('COMING') ?? true];
  if (!wantsDue && !wantsComing) return [];
  const { from, to } = stretchOf(due);
  const stretch = { from: wantsDue ? from : Math.max(from, due.now + 1), to: wantsComing ? to : Math.min(to, due.now) };
  const found = await firstInstants(deps, ctx, { ...due, ...stretch });
  const overdue = found.filter(({ at }) => at <= due.now).map(({ id }) => id);
  const failed = await failingJobs(deps, overdue);
  return found.map(({ at, id }): DueTime => {
    const come = at <= due.now;
    const reason = come ? overdueReason(at, due.now, failed.has(id)) : null;
    const rest = { until: null, count: 1, runId: null, firedAt: null, startedAt: null };
    return { id, jobId: id, at, outcome: come ? 'DUE' : 'COMING', reason, ...rest };
  });
}
