import type { JobRunRow } from '../entities/run.js';
import type { Advanced, Instruction } from '../jobs/run-advance.js';
import type { Appended } from '../jobs/run-output.js';
import type { Reported } from '../jobs/run-report.js';
import { builder } from './builder.js';
import { INPUT, mutationOptions, REPORT } from './mutation.js';
import { JobRun } from './run.js';
import {
  RunClaimInput,
  RunOutputAppendInput,
  RunReleaseInput,
  RunRenewInput,
  RunReportInput,
  toReport,
} from './run-agent-input.js';
import { InstructionKindEnum } from './run-enums.js';
import { toDate } from './scalars.js';
import { Task } from './task.js';
import { runLoader } from './transaction-loader.js';

const RunInstruction = builder.objectRef<Instruction>('RunInstruction').implement({
  description: 'What the agent that holds a run does next. The server decides: order, retries, and what is mandatory.',
  fields: (t) => ({
    kind: t.field({ type: InstructionKindEnum, description: 'What to do.', resolve: ({ kind }) => kind }),
    task: t.field({
      type: Task,
      nullable: true,
      description: 'The attempt it is about; null when the run has ended.',
      resolve: ({ task }) => task,
    }),
    action: t.field({
      type: 'JSONObject',
      nullable: true,
      description: 'For START: what to execute; the defaults are merged in, secrets are references still.',
      resolve: ({ action }) => action,
    }),
    timeout: t.exposeInt('timeout', {
      nullable: true,
      description: 'For START: the seconds it may take before the agent ends it; null = no limit.',
    }),
    delay: t.exposeInt('delay', { description: 'For START: milliseconds to wait before.' }),
  }),
});

/** The part that every answer to an agent has. */
const HeldRun = builder.interfaceRef<Advanced>('HeldRun').implement({
  description: 'A run as the agent that holds it is told of it.',
  fields: (t) => ({
    run: t.field({
      type: JobRun,
      nullable: true,
      description: 'The run as it is now.',
      resolve: ({ run }, _args, context) => runLoader(context).load(run.id),
    }),
    fence: t.int({ description: 'The number of the claim: every write carries it.', resolve: ({ run }) => run.fence }),
    leaseUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description: "When the lease ends unless it is renewed, by the store's clock; null when the run has ended.",
      resolve: ({ run }) => (run.leaseUntil === null ? null : toDate(run.leaseUntil)),
    }),
    leaseSeconds: t.float({
      description: 'How long a lease lasts: renew it some six times within.',
      resolve: (_held, _args, context) => context.services.runs.lease / 1_000,
    }),
    outputLimit: t.int({
      description: "Bytes of one attempt's output that are kept.",
      resolve: (_held, _args, context) => context.services.runs.outputLimit,
    }),
    instruction: t.field({
      type: RunInstruction,
      description: 'What to do next.',
      resolve: ({ instruction }) => instruction,
    }),
  }),
});

const leasePayload = (name: string, description: string) =>
  builder.objectRef<Advanced>(name).implement({ description, interfaces: [HeldRun] });

const RunClaimPayload = leasePayload('RunClaimPayload', 'The run that was claimed.');
const RunRenewPayload = leasePayload('RunRenewPayload', 'The run whose lease was renewed.');

const RunReportPayload = builder.objectRef<Reported>('RunReportPayload').implement({
  description: 'What came of a report.',
  interfaces: [HeldRun],
  fields: (t) => ({
    repeated: t.exposeBoolean('repeated', { description: 'Whether it had been taken in before and changed nothing.' }),
  }),
});

const RunOutputAppendPayload = builder.objectRef<Appended>('RunOutputAppendPayload').implement({
  description: 'What came of a batch of output.',
  fields: (t) => ({
    position: t.exposeInt('position', { description: 'The place of the last piece stored in the run.' }),
    repeated: t.exposeInt('repeated', { description: 'How many pieces had been taken in before.' }),
  }),
});

const RunReleasePayload = builder.objectRef<JobRunRow>('RunReleasePayload').implement({
  description: 'The run that was given back.',
  fields: (t) => ({
    run: t.field({
      type: JobRun,
      nullable: true,
      description: 'The run as it is now.',
      resolve: (run, _args, context) => runLoader(context).load(run.id),
    }),
  }),
});

builder.mutationField('runClaim', (t) =>
  t.field({
    ...mutationOptions(
      'runClaim',
      'Takes a waiting run for an agent. Of many that ask, one gets it; asked again by the one that has it, it answers the same.',
      REPORT,
    ),
    type: RunClaimPayload,
    args: { input: t.arg({ type: RunClaimInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.runs.claim(context, input.runId, input.sessionId),
  }),
);

builder.mutationField('runRenew', (t) =>
  t.field({
    ...mutationOptions(
      'runRenew',
      'Renews the lease on a run, and answers what to do: ABORT when that was ordered.',
      REPORT,
    ),
    type: RunRenewPayload,
    args: { input: t.arg({ type: RunRenewInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.runs.renew(context, input),
  }),
);

builder.mutationField('runReport', (t) =>
  t.field({
    ...mutationOptions(
      'runReport',
      'Says that an attempt began, how far it is, or how it ended; answers what to do next. A report again changes nothing.',
      REPORT,
    ),
    type: RunReportPayload,
    args: { input: t.arg({ type: RunReportInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.runs.report(context, input, toReport(input)),
  }),
);

builder.mutationField('runOutputAppend', (t) =>
  t.field({
    ...mutationOptions(
      'runOutputAppend',
      'Adds output of attempts, in order. A piece again is left out; one that comes too early is refused (CONFLICT).',
      REPORT,
    ),
    type: RunOutputAppendPayload,
    args: { input: t.arg({ type: RunOutputAppendInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.runs.append(context, input, input.pieces),
  }),
);

builder.mutationField('runRelease', (t) =>
  t.field({
    ...mutationOptions(
      'runRelease',
      'Gives a run back, of which nothing runs any more: it waits for its client again; an attempt that was under way is LOST.',
    ),
    type: RunReleasePayload,
    args: { input: t.arg({ type: RunReleaseInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.runs.release(context, input, input.reason ?? null),
  }),
);
