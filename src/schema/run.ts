import type { JobRunRow } from '../entities/run.js';
import { effectiveAction } from '../jobs/effective-action.js';
import { REASONS } from '../jobs/reasons.js';
import type { RunView } from '../jobs/run-find.js';
import { builder } from './builder.js';
import { Client, ClientStateEnum, clientLoader, stateOf, storeNow } from './client.js';
import { Job, jobLoader } from './job.js';
import { JobResultEnum, ReasonCodeEnum } from './job-enums.js';
import { RunStateEnum, RunTriggerEnum } from './run-enums.js';
import { toDateOrNull } from './scalars.js';
import { isOfKind, TRANSACTION_ID, Transaction } from './transaction.js';
import { waitReasonOf } from './wait-reason.js';

const placeOf = ({ project, clientKey }: JobRunRow) => ({ project, clientKey });

export const JobRun = builder.objectRef<RunView>('JobRun');

builder.node(JobRun, {
  interfaces: [Transaction],
  id: TRANSACTION_ID,
  loadMany: (ids: string[], context) => context.services.runs.byIds(context, ids),
  isTypeOf: (value) => isOfKind(value, 'JOB_RUN'),
  description: 'One execution of a job.',
  fields: (t) => ({
    job: t.field({
      type: Job,
      nullable: true,
      description: 'The job it is an execution of.',
      resolve: ({ run }, _args, context) => jobLoader(context).load(run.jobId),
    }),
    jobRevision: t.int({ description: 'The revision of the job it executes.', resolve: ({ run }) => run.jobRevision }),
    project: t.string({ description: 'The project it belongs to.', resolve: ({ run }) => run.project }),
    clientKey: t.string({ description: 'The `client_id` of the host it is for.', resolve: ({ run }) => run.clientKey }),
    client: t.field({
      type: Client,
      nullable: true,
      description: 'The host it is for; null while none is registered under that key.',
      resolve: ({ run }, _args, context) => clientLoader(context).load(placeOf(run)),
    }),
    clientState: t.field({
      type: ClientStateEnum,
      description: 'Whether the agent of its client is there.',
      resolve: async ({ run }, _args, context) => {
        const [client, now] = await Promise.all([clientLoader(context).load(placeOf(run)), storeNow(context)]);
        return stateOf(client, now);
      },
    }),
    state: t.field({ type: RunStateEnum, description: 'Who has it.', resolve: ({ run }) => run.state }),
    result: t.field({
      type: JobResultEnum,
      nullable: true,
      description: 'How it ended; null before.',
      resolve: ({ run }) => run.result,
    }),
    trigger: t.field({ type: RunTriggerEnum, description: 'What made it.', resolve: ({ run }) => run.trigger }),
    requestedBy: t.string({
      nullable: true,
      description: 'Who asked for it; null where its schedule did.',
      resolve: ({ run }) => run.requestedBy,
    }),
    actions: t.field({
      type: ['JSONObject'],
      description: 'What it executes, the defaults of the job merged in, as they were when it was made.',
      resolve: ({ run }) => run.actions.map((action) => effectiveAction(run.actionDefaults, action.freezerAction)),
    }),
  }),
});

builder.objectFields(JobRun, (t) => ({
  scheduledFor: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'The due time that made it; null for one that was asked for.',
    resolve: ({ run }) => toDateOrNull(run.scheduledFor),
  }),
  waitUntil: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When it is given up unless its client has taken it; null when it does not wait.',
    resolve: ({ run }) => toDateOrNull(run.waitUntil),
  }),
  waitReason: t.field({
    type: ReasonCodeEnum,
    nullable: true,
    description: 'Why it does not run yet; null when it runs or has ended.',
    resolve: ({ run }, _args, context) => waitReasonOf(run, context),
  }),
  waitMessage: t.string({
    nullable: true,
    description: 'The `waitReason` in words.',
    resolve: async ({ run }, _args, context) => {
      const reason = await waitReasonOf(run, context);
      return reason === null ? null : REASONS[reason];
    },
  }),
  leaseUntil: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When it is lost unless its agent is heard of; null while none holds it.',
    resolve: ({ run }) => toDateOrNull(run.leaseUntil),
  }),
  nextAttemptAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When a failed action is tried again; null when none waits for that.',
    resolve: ({ run }) => toDateOrNull(run.nextAttemptAt),
  }),
  abortRequestedAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When its end was asked for; null when it was not.',
    resolve: ({ run }) => toDateOrNull(run.abortRequestedAt),
  }),
  abortReason: t.string({
    nullable: true,
    description: 'Why its end was asked for.',
    resolve: ({ run }) => run.abortReason,
  }),
}));
