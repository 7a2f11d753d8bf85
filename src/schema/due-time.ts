import type { DueOutcome, DueTime } from '../jobs/due-time.js';
import { ON_TIME } from '../jobs/fire-plan.js';
import { REASONS, type ReasonCode } from '../jobs/reasons.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import type { SchemaContext } from './context.js';
import { Job, jobLoader } from './job.js';
import { describedEnum, ReasonCodeEnum } from './job-enums.js';
import { JobRun } from './run.js';
import { toDate, toDateOrNull } from './scalars.js';
import { runLoader } from './transaction-loader.js';
import { waitReasonOf } from './wait-reason.js';

const DueOutcomeEnum = describedEnum<DueOutcome>('DueOutcome', 'What came of a due time.', {
  RAN: 'A run of it began in time.',
  LATE: `A run of it began, more than ${ON_TIME / 1_000} seconds late.`,
  WAITING: 'A run was made and has not begun.',
  SKIPPED: 'No run was made, or it was given up before it began.',
  MISSED: 'It did not run in time.',
  LOST: 'Its run was lost.',
  FAILED: 'The server could not fire it.',
  DUE: 'Its time has come, and it is not fired yet.',
  COMING: 'It lies ahead.',
});

/** Why it did not run, or not yet: what its run waits for is said as it is now, not as it was when it was made. */
async function reasonOf(due: DueTime, context: SchemaContext): Promise<ReasonCode | null> {
  const waiting = due.outcome === 'WAITING' && due.runId !== null;
  const view = waiting ? await runLoader(context).load(due.runId ?? '') : null;
  return (view && (await waitReasonOf(view.run, context))) ?? due.reason;
}

/** The longest that GraphQL's Int holds. */
const LONGEST = 2 ** 31 - 1;

const DueTimeType = builder.objectRef<DueTime>('DueTime').implement({
  description: 'One due time of a job and what came of it; a stretch of consecutive missed ones is one.',
  fields: (t) => ({
    job: t.field({
      type: Job,
      nullable: true,
      description: 'The job.',
      resolve: ({ jobId }, _args, context) => jobLoader(context).load(jobId),
    }),
    at: t.field({ type: 'DateTime', description: 'The instant.', resolve: ({ at }) => toDate(at) }),
    until: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The last instant of a stretch; null for a single one.',
      resolve: ({ until }) => toDateOrNull(until),
    }),
    count: t.exposeInt('count', {
      description:
        'How many due times it stands for: exact for an interval of fixed length; else 10,000 = at least as many.',
    }),
    outcome: t.field({ type: DueOutcomeEnum, description: 'What came of it.', resolve: ({ outcome }) => outcome }),
    reason: t.field({
      type: ReasonCodeEnum,
      nullable: true,
      description: 'Why it did not run, or not yet, or late.',
      resolve: (due, _args, context) => reasonOf(due, context),
    }),
    message: t.string({
      nullable: true,
      description: 'The reason in words.',
      resolve: async (due, _args, context) => {
        const reason = await reasonOf(due, context);
        return reason === null ? null : REASONS[reason];
      },
    }),
    firedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When a server fired it; null for what lies ahead.',
      resolve: ({ firedAt }) => toDateOrNull(firedAt),
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its run began; null where none has.',
      resolve: ({ startedAt }) => toDateOrNull(startedAt),
    }),
    lateness: t.int({
      nullable: true,
      description: 'Milliseconds from the instant to the beginning of its run; while none has begun, to the firing.',
      resolve: ({ at, firedAt, startedAt }) => {
        const begun = startedAt ?? firedAt;
        return begun === null ? null : Math.min(begun - at, LONGEST);
      },
    }),
    run: t.field({
      type: JobRun,
      nullable: true,
      description: 'The run it made.',
      resolve: ({ runId }, _args, context) => (runId === null ? null : runLoader(context).load(runId)),
    }),
  }),
});

const DueTimeFilterInput = builder.inputType('DueTimeFilter', {
  description: 'Which due times; every field given narrows the list.',
  fields: (t) => ({
    jobs: t.idList({ description: 'Of these jobs: global ids or keys.' }),
    clientIds: t.stringList({ description: 'Of jobs of these clients.' }),
    outcomes: t.field({ type: [DueOutcomeEnum], description: 'That came to one of these.' }),
  }),
});

const DueTimeConnection = builder.connectionObject(
  { type: DueTimeType, name: 'DueTimeConnection', description: 'A page of due times. It is read forwards only.' },
  { name: 'DueTimeEdge', description: 'A due time in a page.' },
);

const FROM =
  'From when; inclusive. A stretch that began before and reaches into the window is in it, whole. Default: a day ago.';
const TO = 'Until when; inclusive. Default: a day ahead.';

builder.queryField('dueTimes', (t) =>
  t.connection(
    {
      type: DueTimeType,
      description: 'Due against ran: what came of past due times of all jobs, and those that lie ahead, oldest first.',
      authScopes: { may: 'dueTimes' },
      args: {
        filter: t.arg({ type: DueTimeFilterInput, description: 'Which ones.' }),
        from: t.arg({ type: 'DateTime', description: FROM }),
        to: t.arg({ type: 'DateTime', description: TO }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, from, to, ...page }, context) => {
        const window = { from: from?.getTime(), to: to?.getTime() };
        return toConnection(await context.services.jobs.dueTimes(context, filter ?? {}, window, page));
      },
    },
    DueTimeConnection,
  ),
);

builder.objectField(Job, 'dueTimes', (t) =>
  t.connection(
    {
      type: DueTimeType,
      description: 'What came of its past due times, and those that lie ahead, oldest first.',
      args: {
        outcomes: t.arg({ type: [DueOutcomeEnum], description: 'That came to one of these.' }),
        from: t.arg({ type: 'DateTime', description: FROM }),
        to: t.arg({ type: 'DateTime', description: TO }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (job, { outcomes, from, to, ...page }, context) => {
        const window = { from: from?.getTime(), to: to?.getTime() };
        const filter = { jobs: [job.id], outcomes };
        return toConnection(await context.services.jobs.dueTimes(context, filter, window, page));
      },
    },
    DueTimeConnection,
  ),
);
