import type { BackgroundJobState, LeasedWorkState } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, listOf, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { future } from '../instant-option.js';
import { labels } from '../labels.js';
import { writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
import { BACKGROUND_JOB_COLUMNS, backgroundJobRow } from '../rows/background-job.js';
import { findJob } from './job-show.js';
import { findService } from './service-show.js';

const STATES: readonly BackgroundJobState[] = ['SCHEDULED', 'OVERDUE', 'BACKING_OFF', 'UNASSIGNED', 'PARKED'];
const WORK_STATES: readonly LeasedWorkState[] = ['WAITING', 'RUNNING', 'PARKED'];

interface Flags extends ServerOptions, PagingOptions {
  readonly service?: string;
  readonly tag?: Record<string, string>;
  readonly kind?: string;
  readonly subject?: string;
  readonly job?: string;
  readonly dueBefore?: string;
  readonly state?: BackgroundJobState[];
  readonly work?: LeasedWorkState[];
}

async function listBackgroundJobs(context: CommandContext, flags: Flags): Promise<void> {
  const { service, tag, kind, job, project, dueBefore, state: states, work: workStates } = flags;
  const jobs = await withSdk(flags, context, async (sdk) => {
    const serviceId = service === undefined ? undefined : (await findService(sdk, service)).id;
    const subject = job === undefined ? flags.subject : (await findJob(sdk, job, project)).id;
    const filter = { serviceId, tag, kind, subject, project, dueBefore, states, workStates };
    return collect(context, flags, async (page) => (await sdk.backgroundJobs({ filter, ...page })).backgroundJobs);
  });
  writeRows(context.terminal, flags, jobs.map(backgroundJobRow), BACKGROUND_JOB_COLUMNS);
}

function define(parent: Command, context: CommandContext, name: string, path: string): Command {
  const command = parent.command(name).description('list what engines have to do at which instants, the next first');
  withPaging(withServer(command))
    .option('--service <service>', 'whose shard this service owns')
    .option('--tag <labels>', 'with exactly this tag: zone=eu; "any" for what fits every service', labels)
    .option('--kind <name>', 'of this kind: job-run')
    .option('--subject <id>', 'about what has this id')
    .option('-j, --job <job>', 'about this job')
    .option('--project <name>', 'of this project')
    .option('--due-before <date>', 'due before then: a date, or in how long (30m)', future)
    .addOption(listOf('-s, --state <states>', 'in these states', STATES))
    .addOption(listOf('--work <states>', 'whose long work is in these states', WORK_STATES))
    .action((flags: Flags) => listBackgroundJobs(context, flags));
  return withExamples(command, [
    path,
    `${path} --state overdue,backing_off,unassigned,parked`,
    `${path} --work parked`,
    `${path} --service ctl-1/engine --due-before 10m -o csv`,
  ]);
}

/** `orrery background-job list` */
export function registerBackgroundJobList(parent: Command, context: CommandContext): void {
  define(parent, context, 'list', 'background-job list').alias('ls');
}

/** `orrery background-jobs` */
export function registerBackgroundJobs(parent: Command, context: CommandContext): void {
  define(parent, context, 'background-jobs', 'background-jobs');
}
