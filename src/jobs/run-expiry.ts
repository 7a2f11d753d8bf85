import { isConflict, isConnectionLost, isDiskFull } from '../db/failures.js';
import type { Tx } from '../db/transaction.js';
import { JobRunEntity, type JobRunRow } from '../entities/run.js';
import { SECOND } from '../lib/time.js';
import type { Fired, Kind } from '../scheduler/kinds.js';
import type { JobsDeps } from './deps.js';
import { lockJob } from './job-store.js';
import { endRun } from './run-end.js';
import { lockRun } from './run-lock.js';
import { takeBack } from './run-lost.js';

/** The kind of the chore that ends what nobody renews. */
const RUN_LEASE_KIND = 'run-lease';

/** The chore's one subject. */
const SUBJECT = 'runs';

/** Runs ended in one transaction. */
const BATCH = 50;

/** While there are open runs the chore looks every second, else every five. */
const SOON = SECOND;
const LATER = 5 * SECOND;

/** When nobody looked for so long, no server was there to renew a lease with, however long the lease is. */
const LONGEST_GAP = 15 * SECOND;

/**
 * How long nobody may have looked, in milliseconds, until the agents get one lease's time to come back before anything
 * of theirs is lost. Half a lease at most: so much of it is left, at the least, when the database stops in the middle of
 * an agent's renewal, so no lease ends in a gap that is not noticed.
 */
const absence = (runLease: number): number => Math.min(LONGEST_GAP, runLease / 2);

type Deadline = 'leaseUntil' | 'waitUntil';

const STATE_OF: Readonly<Record<Deadline, JobRunRow['state']>> = { leaseUntil: 'RUNNING', waitUntil: 'WAITING' };

/** A run as it was found: its deadline has passed. */
interface Overdue extends Pick<JobRunRow, 'id' | 'jobId'> {
  readonly deadline: Deadline;
}

async function overdue(tx: Tx, deadline: Deadline, now: number): Promise<Overdue[]> {
  const query = tx.manager.getRepository(JobRunEntity).createQueryBuilder('run').select(['run.id', 'run.jobId']);
  query.where(`run.state = :state AND run.${deadline} <= :now`, { state: STATE_OF[deadline], now });
  const found = await query.orderBy(`run.${deadline}`).limit(BATCH).getMany();
  return found.map(({ id, jobId }) => ({ id, jobId, deadline }));
}

/** The run, locked with its job in the order in which everybody locks; null when it is not overdue any more. */
async function lockOverdue(tx: Tx, { id, jobId, deadline }: Overdue, now: number): Promise<JobRunRow | null> {
  await lockJob(tx, jobId);
  const run = await lockRun(tx, id);
  const at = run[deadline];
  return run.state === STATE_OF[deadline] && at !== null && at <= now ? run : null;
}

/** Told of a run that could not be ended; it is tried again later. */
export type OnFault = (error: unknown, runId: string) => void;

/** A run that cannot be ended is left alone for so long. */
const AFTER_FAULT = 60 * SECOND;

const POSTPONE: Readonly<Record<Deadline, string>> = {
  leaseUntil: 'UPDATE job_runs SET lease_until = ? WHERE id = ?',
  waitUntil: 'UPDATE job_runs SET wait_until = ? WHERE id = ?',
};

/** Ends one run on a savepoint of its own: what cannot be ended is put off, and harms no other. */
async function endApart(tx: Tx, deps: JobsDeps, one: Overdue, now: number, onFault: OnFault): Promise<void> {
  await tx.execute('SAVEPOINT one_run');
  try {
    const run = await lockOverdue(tx, one, now);
    if (run) await endOverdue(tx, deps, run, one.deadline);
    await tx.execute('RELEASE SAVEPOINT one_run');
  } catch (error) {
    if (isConflict(error) || isConnectionLost(error) || isDiskFull(error)) throw error;
    await tx.execute('ROLLBACK TO SAVEPOINT one_run');
    await tx.execute(POSTPONE[one.deadline], [now + AFTER_FAULT, one.id]);
    onFault(error, one.id);
  }
}

/**
 * A lease that was not renewed: its attempts are LOST, and the retry rule applies. A run whose client did not take it in
 * time: MISSED, or LOST when it had begun and waited for its agent to come back.
 */
async function endOverdue(tx: Tx, deps: JobsDeps, run: JobRunRow, deadline: Deadline): Promise<void> {
  if (deadline === 'leaseUntil') {
    const seconds = Math.round(deps.settings.runLease / SECOND);
    await takeBack(tx, deps, run, `Its agent was not heard of for ${seconds} seconds.`);
  } else {
    await endRun(tx, deps, run, run.fence > 0 ? 'LOST' : 'MISSED', lateness(run));
  }
}

function lateness({ clientKey, fence }: JobRunRow): string {
  return `The client "${clientKey}" did not ${fence > 0 ? 'come back to it' : 'take it'} in time.`;
}

/** Those that are over, and those that would end before their agents have tried again. */
const PROLONG = "UPDATE job_runs SET lease_until = ? WHERE state = 'RUNNING' AND lease_until <= ?";

async function hasOpenRuns(tx: Tx): Promise<boolean> {
  const rows = await tx.rows("SELECT id FROM job_runs WHERE state IN ('RUNNING', 'WAITING') LIMIT 1");
  return rows.length > 0;
}

async function look(tx: Tx, deps: JobsDeps, lookedAt: unknown, now: number, onFault: OnFault): Promise<number> {
  const { runLease } = deps.settings;
  const absent = typeof lookedAt === 'number' && now - lookedAt > absence(runLease);
  if (absent) await tx.execute(PROLONG, [now + runLease, now + runLease / 2]);
  const leases = await overdue(tx, 'leaseUntil', now);
  const waits = await overdue(tx, 'waitUntil', now);
  // Of both kinds together in the order in which everybody locks: a batch of fires holds hundreds of jobs.
  const found = [...leases, ...waits].sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
  for (const one of found) await endApart(tx, deps, one, now, onFault);
  if (leases.length === BATCH || waits.length === BATCH) return now;
  return now + ((await hasOpenRuns(tx)) ? SOON : LATER);
}

/** The chore that ends what nobody renews or takes, for the scheduler. `onFault` hears of runs that it cannot end. */
export function runLeaseKind(deps: JobsDeps, onFault: OnFault = () => {}): Kind {
  return {
    kind: RUN_LEASE_KIND,
    defaultTag: {},
    recordsOccurrences: false,
    async fire(tx, due, now) {
      const fired: Fired[] = [];
      for (const job of due) {
        const nextRunAt = await look(tx, deps, job.state.lookedAt, now, onFault);
        fired.push({ id: job.id, nextRunAt, state: { lookedAt: now }, occurrences: [] });
      }
      return fired;
    },
    async *desired() {
      yield { subject: SUBJECT, project: null, nextRunAt: await deps.db.now() };
    },
  };
}
