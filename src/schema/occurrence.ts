import type { PageRequest } from '../db/page.js';
import type { BackgroundJobRow } from '../entities/background-job.js';
import type { OccurrenceOutcome, OccurrenceRow } from '../entities/occurrence.js';
import { BackgroundJob } from './background-job.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { describedEnum } from './job-enums.js';
import { pageLoader } from './loader.js';
import { JobRun } from './run.js';
import { toDate, toDateOrNull } from './scalars.js';
import { Service, serviceLoader } from './service.js';
import { runLoader } from './transaction-loader.js';

const OccurrenceOutcomeEnum = describedEnum<OccurrenceOutcome>('OccurrenceOutcome', 'What came of a due instant.', {
  RAN: 'It was done.',
  WAITING: 'A run was made and waits for its client.',
  SKIPPED: 'It was left out by a rule, such as an overlap.',
  MISSED: 'Nobody fired it in time.',
  LOST: 'The run that it made was lost.',
  FAILED: 'It could not be fired.',
});

/** The longest that GraphQL's Int holds. */
const LONGEST = 2 ** 31 - 1;

const Occurrence = builder.objectRef<OccurrenceRow>('Occurrence').implement({
  description: 'What came of one due instant of a background job, or of a stretch of consecutive missed ones.',
  fields: (t) => ({
    scheduledFor: t.field({
      type: 'DateTime',
      description: 'The due instant.',
      resolve: (occurrence) => toDate(occurrence.scheduledFor),
    }),
    until: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The last instant of a stretch; null for a single one.',
      resolve: ({ until }) => toDateOrNull(until),
    }),
    count: t.exposeInt('count', { description: 'How many instants it stands for.' }),
    outcome: t.expose('outcome', { type: OccurrenceOutcomeEnum, description: 'What came of it.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why, where it did not run.' }),
    firedAt: t.field({
      type: 'DateTime',
      description: 'When it was fired.',
      resolve: ({ firedAt }) => toDate(firedAt),
    }),
    lateness: t.int({
      description: 'Milliseconds from the instant to the firing.',
      resolve: ({ firedAt, scheduledFor }) => Math.min(firedAt - scheduledFor, LONGEST),
    }),
    fence: t.exposeInt('fence', { description: 'The fence of the shard under which it was fired.' }),
    service: t.field({
      type: Service,
      nullable: true,
      description: 'The service that fired it; null once it is removed, and for callers of one project.',
      resolve: ({ serviceId }, _args, context) => serviceLoader(context).load(serviceId),
    }),
    run: t.field({
      type: JobRun,
      nullable: true,
      description: 'The run that it made.',
      resolve: ({ runId }, _args, context) => (runId === null ? null : runLoader(context).load(runId)),
    }),
  }),
});

const occurrencePages = pageLoader<BackgroundJobRow, PageRequest, OccurrenceRow>(
  (context, jobs, page) => {
    const ids = jobs.map(({ id }) => id);
    return context.services.directory.occurrencesOfEach(ids, page);
  },
  (context, { id }, page) => context.services.directory.occurrences(id, page),
);

builder.objectField(BackgroundJob, 'occurrences', (t) =>
  t.connection(
    {
      type: Occurrence,
      description: 'What came of its due instants, the latest first; of chores nothing is kept.',
      complexity: (args) => pageComplexity(args),
      resolve: async (job, page, context) => toConnection(await occurrencePages(context, job, { ...page })),
    },
    { name: 'OccurrenceConnection', description: 'A page of what came of due instants.' },
    { name: 'OccurrenceEdge', description: 'What came of a due instant, in a page.' },
  ),
);
