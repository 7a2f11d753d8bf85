import type { Ctx } from '../auth/actor.js';
import type { CommandInput, CommandPayload } from '../jobs/commands/apply.js';
import type { RunNowPayload } from '../jobs/commands/run-now.js';
import type { JobService } from '../jobs/service.js';
import { builder } from './builder.js';
import { Job } from './job.js';
import { CommandOutcomeEnum } from './job-enums.js';
import { JobRunNowInput, jobCommandInput } from './job-input.js';
import { INPUT, mutationOptions } from './mutation.js';

function payload<Payload extends CommandPayload = CommandPayload>(name: string, description: string) {
  return builder.objectRef<Payload>(name).implement({
    description,
    fields: (t) => ({
      job: t.field({ type: Job, description: 'The job as it is now.', resolve: ({ job }) => job }),
      outcome: t.field({
        type: CommandOutcomeEnum,
        description: 'What the command came to.',
        resolve: ({ outcome }) => outcome,
      }),
    }),
  });
}

type Order = (jobs: JobService, ctx: Ctx, input: CommandInput) => Promise<CommandPayload>;

/** A mutation that commands one job: `jobStop` takes a JobStopInput and answers with a JobStopPayload. */
function command(verb: string, description: string, order: Order): void {
  const name = `Job${verb}`;
  const field = `job${verb}`;
  const input = jobCommandInput(`${name}Input`, `The job for \`${field}\`.`);
  const type = payload(`${name}Payload`, `What \`${field}\` did.`);
  builder.mutationField(field, (t) =>
    t.field({
      ...mutationOptions(field, description),
      type,
      args: { input: t.arg({ type: input, required: true, description: INPUT }) },
      resolve: (_root, args, context) => order(context.services.jobs, context, args.input),
    }),
  );
}

command('Start', 'Puts a job under its schedule, from now on. Clears a pending stop.', (jobs, ctx, input) =>
  jobs.start(ctx, input),
);
command('Stop', 'Takes a job off its schedule. A run that is under way finishes.', (jobs, ctx, input) =>
  jobs.stop(ctx, input),
);
command('Abort', 'Ends every open run of a job within seconds; its schedule goes on.', (jobs, ctx, input) =>
  jobs.abort(ctx, input),
);
command('Remove', 'Removes a job; a run under way is aborted first, and its history is kept.', (jobs, ctx, input) =>
  jobs.remove(ctx, input),
);

export const JobRunNowPayload = payload<RunNowPayload>('JobRunNowPayload', 'What `jobRunNow` did.');

builder.objectField(JobRunNowPayload, 'warnings', (t) =>
  t.stringList({ description: 'What is odd about the overrides.', resolve: ({ warnings }) => [...warnings] }),
);

builder.mutationField('jobRunNow', (t) =>
  t.field({
    ...mutationOptions('jobRunNow', 'Runs a job once, now; its schedule and its status stay as they are.'),
    type: JobRunNowPayload,
    args: { input: t.arg({ type: JobRunNowInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.jobs.runNow(context, input),
  }),
);
