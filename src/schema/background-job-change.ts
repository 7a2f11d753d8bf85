import type { Rebound } from '../scheduler/directory/rebind.js';
import { BackgroundJob } from './background-job.js';
import { builder } from './builder.js';
import { describedEnum } from './job-enums.js';
import { INPUT, mutationOptions } from './mutation.js';

const BackgroundJobRebindInput = builder.inputType('BackgroundJobRebindInput', {
  description: 'Where a background job is to run: on a service, on those with some labels, or as its kind has it.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The background job: its global id, or `kind/subject`.' }),
    serviceId: t.id({
      description: 'On this service alone: its global id, `host/name`, or its name where only one has it.',
    }),
    tag: t.field({
      type: 'JSONObject',
      description: 'On services with these labels: `{ zone: "eu" }`. Neither tag nor service: as its kind has it.',
    }),
    reason: t.string({ description: 'Why, for the activity.' }),
  }),
});

const RebindOutcomeEnum = describedEnum<Rebound['outcome']>('BackgroundJobRebindOutcome', 'What a rebinding did.', {
  REBOUND: 'It was moved, or is tried again.',
  NOTHING_TO_DO: 'It was bound so already; nothing was written.',
});

const BackgroundJobRebindPayload = builder.objectRef<Rebound>('BackgroundJobRebindPayload').implement({
  description: 'The background job that was bound.',
  fields: (t) => ({
    backgroundJob: t.field({
      type: BackgroundJob,
      description: 'The background job as it is now.',
      resolve: ({ backgroundJob }) => backgroundJob,
    }),
    outcome: t.field({ type: RebindOutcomeEnum, description: 'What was done.', resolve: ({ outcome }) => outcome }),
    warning: t.exposeString('warning', {
      nullable: true,
      description: 'Why nobody takes it where it is now; null when somebody does.',
    }),
  }),
});

builder.mutationField('backgroundJobRebind', (t) =>
  t.field({
    ...mutationOptions(
      'backgroundJobRebind',
      'Pins a background job to a service or to labels, or takes the pin away. One that is parked or backs off is tried again. The pin stays until the job leaves the schedule.',
    ),
    type: BackgroundJobRebindPayload,
    args: { input: t.arg({ type: BackgroundJobRebindInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.directory.rebind(context, input),
  }),
);
