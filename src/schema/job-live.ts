import type { LoggedEvent } from '../events/topics.js';
import { acceptsStatus } from '../jobs/live-filter.js';
import { builder } from './builder.js';
import { Job, jobLoader } from './job.js';
import { JobEventEnum, JobResultEnum, JobStatusEnum } from './job-enums.js';
import { toDate } from './scalars.js';

type StatusEvent = LoggedEvent<'jobStatusChanged'>;

const JobStatusChanged = builder.objectRef<StatusEvent>('JobStatusChanged').implement({
  description: "A job's status, pending command, result or revision changed: how it was then.",
  fields: (t) => ({
    cursor: t.string({
      description: 'Where to resume after this fact.',
      resolve: (event, _args, context) => context.services.live.cursorOf(event),
    }),
    at: t.field({ type: 'DateTime', description: 'When it happened.', resolve: (event) => toDate(event.at) }),
    job: t.field({
      type: Job,
      nullable: true,
      description: 'The job as it is now, which may be later than this fact.',
      resolve: (event, _args, context) => jobLoader(context).load(event.subject),
    }),
    key: t.string({ description: 'The key of the job.', resolve: ({ payload }) => payload.key }),
    status: t.field({ type: JobStatusEnum, description: 'The new status.', resolve: ({ payload }) => payload.status }),
    statusBefore: t.field({
      type: JobStatusEnum,
      nullable: true,
      description: 'The status before; null for a new job.',
      resolve: ({ payload }) => payload.statusBefore,
    }),
    event: t.field({
      type: JobEventEnum,
      nullable: true,
      description: 'The command that was pending.',
      resolve: ({ payload }) => payload.event,
    }),
    result: t.field({
      type: JobResultEnum,
      nullable: true,
      description: 'How the last run had ended.',
      resolve: ({ payload }) => payload.result,
    }),
    reason: t.string({ nullable: true, description: 'Why.', resolve: ({ payload }) => payload.reason }),
    revision: t.int({ description: 'The revision of the definition.', resolve: ({ payload }) => payload.revision }),
  }),
});

const JobStatusFilterInput = builder.inputType('JobStatusFilter', {
  description: 'Which changes; every field given narrows them.',
  fields: (t) => ({
    jobs: t.idList({ description: 'Of these jobs: global ids or keys.' }),
    clientIds: t.stringList({ description: 'Of jobs of these clients.' }),
    statuses: t.field({ type: [JobStatusEnum], description: 'To these statuses.' }),
  }),
});

builder.subscriptionField('jobStatusChanged', (t) =>
  t.field({
    type: JobStatusChanged,
    description: "Jobs' changes of status as they happen.",
    authScopes: { may: 'jobStatusChanged' },
    args: {
      filter: t.arg({ type: JobStatusFilterInput, description: 'Which ones.' }),
      after: t.arg.string({
        description: 'The last cursor seen: what was missed since comes first. Left out: from now.',
      }),
    },
    subscribe: (_root, { filter, after }, context) =>
      context.services.live.events({
        topics: ['jobStatusChanged'],
        accept: (event) => acceptsStatus(context, filter ?? {}, event),
        after: after ?? null,
        signal: context.signal,
      }),
    resolve: (event) => event,
  }),
);
