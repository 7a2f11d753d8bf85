import type { JobHead } from '../entities/job.js';
import type { RunState } from '../entities/run.js';
import type { RunView } from '../jobs/run-find.js';
import { builder } from './builder.js';
import type { SchemaContext } from './context.js';
import { Job, openRunsLoader } from './job.js';
import { JobRun } from './run.js';
import { runLoader } from './transaction-loader.js';

/** The oldest run of a job in one of these states; null when there is none. */
async function openRun(job: JobHead, states: readonly RunState[], context: SchemaContext): Promise<RunView | null> {
  const open = await openRunsLoader(context).load(job.id);
  const run = open.find(({ state }) => states.includes(state));
  return run ? runLoader(context).load(run.id) : null;
}

builder.objectFields(Job, (t) => ({
  currentRun: t.field({
    type: JobRun,
    nullable: true,
    description: 'The run that is under way; the oldest where there are several.',
    resolve: (job, _args, context) => openRun(job, ['RUNNING'], context),
  }),
  waitingRun: t.field({
    type: JobRun,
    nullable: true,
    description: 'The run that waits: for its client, or for the run before it. It counts for `overlap`.',
    resolve: (job, _args, context) => openRun(job, ['WAITING', 'BUFFERED'], context),
  }),
}));
