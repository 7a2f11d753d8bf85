import type { CreatedJob } from '../jobs/create.js';
import type { ChangedJob } from '../jobs/update.js';
import { builder } from './builder.js';
import { Job } from './job.js';
import { CommandOutcomeEnum } from './job-enums.js';
import { JobCreateInput, JobImportInput, JobUpdateInput, withSchedule } from './job-input.js';
import { INPUT, mutationOptions } from './mutation.js';

function createdPayload(name: string, description: string) {
  return builder.objectRef<CreatedJob>(name).implement({
    description,
    fields: (t) => ({
      job: t.field({ type: Job, description: 'The new job.', resolve: ({ job }) => job }),
      warnings: t.exposeStringList('warnings', { description: 'What its author should know.' }),
    }),
  });
}

/** The payload of a mutation that changes a definition. */
export function changedPayload(name: string, description: string) {
  return builder.objectRef<ChangedJob>(name).implement({
    description,
    fields: (t) => ({
      job: t.field({ type: Job, description: 'The job as it is now.', resolve: ({ job }) => job }),
      outcome: t.field({
        type: CommandOutcomeEnum,
        description: 'NOTHING_TO_DO when the definition was as it is wanted; no revision was made then.',
        resolve: ({ outcome }) => outcome,
      }),
      warnings: t.exposeStringList('warnings', { description: 'What its author should know.' }),
    }),
  });
}

const JobCreatePayload = createdPayload('JobCreatePayload', 'What `jobCreate` made.');
const JobImportPayload = createdPayload('JobImportPayload', 'What `jobImport` made.');
const JobUpdatePayload = changedPayload('JobUpdatePayload', 'What `jobUpdate` changed.');

builder.mutationField('jobCreate', (t) =>
  t.field({
    ...mutationOptions('jobCreate', 'Makes a job. A schedule with nothing ahead is refused.'),
    type: JobCreatePayload,
    args: { input: t.arg({ type: JobCreateInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.jobs.create(context, withSchedule(input)),
  }),
);

builder.mutationField('jobImport', (t) =>
  t.field({
    ...mutationOptions('jobImport', 'Makes a job from a Freezer job document; `Job.document` gives it back.'),
    type: JobImportPayload,
    args: { input: t.arg({ type: JobImportInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.jobs.import(context, input),
  }),
);

builder.mutationField('jobUpdate', (t) =>
  t.field({
    ...mutationOptions(
      'jobUpdate',
      'Changes the definition of a job. What is left out stays, the plan included; a run under way is not touched.',
    ),
    type: JobUpdatePayload,
    args: { input: t.arg({ type: JobUpdateInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.jobs.update(context, withSchedule(input)),
  }),
);
