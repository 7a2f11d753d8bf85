import type { JobEvent, JobRow, JobStatus } from '../entities/job.js';

export const COMMANDS = ['START', 'RUN_NOW', 'STOP', 'ABORT', 'REMOVE', 'UPDATE'] as const;
export type Command = (typeof COMMANDS)[number];

/**
 * What a command finds: the status, with RUNNING told apart by what comes after it. RUNNING_STOP: a STOP is pending.
 * RUNNING_ONCE: the manual run of a job that was STOPPED or COMPLETED and will be so again.
 */
export const SITUATIONS = [
  'STOPPED',
  'COMPLETED',
  'SCHEDULED',
  'RUNNING',
  'RUNNING_STOP',
  'RUNNING_ONCE',
  'ABORTING',
  'REMOVED',
] as const;
export type Situation = (typeof SITUATIONS)[number];

/** What a command came to. */
export type CommandOutcome = 'ACCEPTED' | 'ALREADY_REQUESTED' | 'NOTHING_TO_DO';

/**
 * What is to be done beside the new status and event.
 * PLAN: due from now on. UNPLAN: due no more. REPLAN: as the new definition says. ABORT: end every open run.
 * ABORT_WAITING: end the runs that have not begun. DROP_SCHEDULED: those of them that the schedule made.
 * RUN: a manual run by the overlap policy. RUN_AFTER: a manual run once the open ones have ended.
 */
export type Effect = 'PLAN' | 'UNPLAN' | 'REPLAN' | 'ABORT' | 'ABORT_WAITING' | 'DROP_SCHEDULED' | 'RUN' | 'RUN_AFTER';

/** One cell: what the command does in the situation. What it leaves out stays as it is. */
export interface Transition {
  readonly outcome: CommandOutcome | 'JOB_REMOVED';
  readonly status?: JobStatus;
  readonly event?: JobEvent | null;
  /** The job forgets what it was before its manual run, and is SCHEDULED when that has ended. */
  readonly thenScheduled?: true;
  readonly effects: readonly Effect[];
}

const accept = (change: Omit<Transition, 'outcome' | 'effects'>, ...effects: Effect[]): Transition => ({
  outcome: 'ACCEPTED',
  ...change,
  effects,
});
const NOTHING: Transition = { outcome: 'NOTHING_TO_DO', effects: [] };
const ALREADY: Transition = { outcome: 'ALREADY_REQUESTED', effects: [] };
const REFUSED: Transition = { outcome: 'JOB_REMOVED', effects: [] };
/** Nothing to do, unless a run waits for its client: that one is ended, and then it was something to do. */
const ABORT_WAITING: Transition = { outcome: 'NOTHING_TO_DO', effects: ['ABORT_WAITING'] };

/** The command table of the jobs: every cell of it. */
export const COMMAND_TABLE: Readonly<Record<Command, Readonly<Record<Situation, Transition>>>> = {
  START: {
    STOPPED: accept({ status: 'SCHEDULED' }, 'PLAN'),
    COMPLETED: accept({ status: 'SCHEDULED' }, 'PLAN'),
    SCHEDULED: NOTHING,
    RUNNING: NOTHING,
    RUNNING_STOP: accept({ event: null }, 'PLAN'),
    RUNNING_ONCE: accept({ thenScheduled: true }, 'PLAN'),
    ABORTING: accept({ event: 'START' }),
    REMOVED: REFUSED,
  },
  RUN_NOW: {
    STOPPED: accept({}, 'RUN'),
    COMPLETED: accept({}, 'RUN'),
    SCHEDULED: accept({}, 'RUN'),
    RUNNING: accept({}, 'RUN'),
    RUNNING_STOP: accept({}, 'RUN'),
    RUNNING_ONCE: accept({}, 'RUN'),
    ABORTING: accept({}, 'RUN_AFTER'),
    REMOVED: REFUSED,
  },
  STOP: {
    STOPPED: NOTHING,
    COMPLETED: NOTHING,
    SCHEDULED: accept({ status: 'STOPPED' }, 'UNPLAN', 'DROP_SCHEDULED'),
    RUNNING: accept({ event: 'STOP' }, 'UNPLAN', 'DROP_SCHEDULED'),
    RUNNING_STOP: ALREADY,
    RUNNING_ONCE: NOTHING,
    ABORTING: accept({ event: 'STOP' }, 'UNPLAN', 'DROP_SCHEDULED'),
    REMOVED: REFUSED,
  },
  ABORT: {
    STOPPED: ABORT_WAITING,
    COMPLETED: ABORT_WAITING,
    SCHEDULED: ABORT_WAITING,
    RUNNING: accept({ status: 'ABORTING', event: 'ABORT' }, 'ABORT'),
    RUNNING_STOP: accept({ status: 'ABORTING' }, 'ABORT'),
    RUNNING_ONCE: accept({ status: 'ABORTING', event: 'ABORT' }, 'ABORT'),
    ABORTING: ALREADY,
    REMOVED: NOTHING,
  },
  REMOVE: {
    STOPPED: accept({ status: 'REMOVED' }, 'UNPLAN', 'ABORT'),
    COMPLETED: accept({ status: 'REMOVED' }, 'UNPLAN', 'ABORT'),
    SCHEDULED: accept({ status: 'REMOVED' }, 'UNPLAN', 'ABORT'),
    RUNNING: accept({ status: 'ABORTING', event: 'REMOVE' }, 'UNPLAN', 'ABORT'),
    RUNNING_STOP: accept({ status: 'ABORTING', event: 'REMOVE' }, 'UNPLAN', 'ABORT'),
    RUNNING_ONCE: accept({ status: 'ABORTING', event: 'REMOVE' }, 'UNPLAN', 'ABORT'),
    ABORTING: accept({ event: 'REMOVE' }, 'UNPLAN', 'ABORT_WAITING'),
    REMOVED: ALREADY,
  },
  UPDATE: {
    STOPPED: accept({}),
    COMPLETED: accept({}),
    SCHEDULED: accept({}, 'REPLAN'),
    RUNNING: accept({}, 'REPLAN'),
    RUNNING_STOP: accept({}),
    RUNNING_ONCE: accept({}),
    ABORTING: accept({}, 'REPLAN'),
    REMOVED: REFUSED,
  },
};

/**
 * Holds the table against its own rules, at start. Throws an Error that names the first cell that is missing, plans a
 * job that it also takes off the plan, or touches a removed one.
 */
export function checkCommandTable(): void {
  for (const command of COMMANDS) {
    for (const situation of SITUATIONS) {
      const cell: Transition | undefined = COMMAND_TABLE[command][situation];
      const effects = cell?.effects ?? [];
      const torn = effects.includes('PLAN') && effects.includes('UNPLAN');
      const late = situation === 'REMOVED' && effects.length > 0;
      if (!cell || torn || late) throw new Error(`The command table is wrong at ${command} in ${situation}.`);
    }
  }
}

type Control = Pick<JobRow, 'status' | 'event' | 'statusBefore'>;

/** Which column of the table a job stands in. */
export function situationOf(job: Control): Situation {
  if (job.status !== 'RUNNING') return job.status;
  if (job.event === 'STOP') return 'RUNNING_STOP';
  return job.statusBefore === 'STOPPED' || job.statusBefore === 'COMPLETED' ? 'RUNNING_ONCE' : 'RUNNING';
}

/** What a command does to a job: the cell, or ALREADY_REQUESTED when the very event it asks for is pending. */
export function transitionOf(command: Command, job: Control): Transition {
  const cell = COMMAND_TABLE[command][situationOf(job)];
  const pending = cell.event != null && cell.event === job.event && cell.status === undefined;
  return pending ? ALREADY : cell;
}

/** Whether the schedule of a job in this state makes runs. */
export function isPlanned(job: Control): boolean {
  const situation = situationOf(job);
  if (situation === 'ABORTING') return job.event !== 'STOP' && job.event !== 'REMOVE' && job.statusBefore === null;
  return situation === 'SCHEDULED' || situation === 'RUNNING';
}
