import type { ActionKind, JobResult, JobStatus } from '@orrery/sdk';
import { type Command, Option } from 'commander';
import {
  type CommandContext,
  listOf,
  type ServerOptions,
  texts,
  withExamples,
  withProject,
  withSdk,
  withServer,
} from '../command.js';
import { writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
import { JOB_COLUMNS, jobRow } from '../rows/job.js';

const STATUSES: readonly JobStatus[] = ['STOPPED', 'SCHEDULED', 'RUNNING', 'ABORTING', 'COMPLETED', 'REMOVED'];
export const RESULTS: readonly JobResult[] = ['SUCCESS', 'FAIL', 'ABORTED', 'MISSED', 'SKIPPED', 'LOST'];
const ACTIONS: readonly ActionKind[] = ['BACKUP', 'RESTORE', 'INFO', 'ADMIN', 'EXEC'];
const SORTS = { created: 'TIME_CREATED', next: 'NEXT_RUN_AT' } as const;

interface Flags extends ServerOptions, PagingOptions {
  readonly status?: JobStatus[];
  readonly result?: JobResult[];
  readonly action?: ActionKind[];
  readonly client?: string[];
  readonly search?: string;
  readonly stale?: boolean;
  readonly sort?: keyof typeof SORTS;
}

/** `orrery job list` */
export function registerJobList(parent: Command, context: CommandContext): void {
  const command = parent.command('list').alias('ls').description('list jobs, the newest first');
  withProject(withPaging(withServer(command)))
    .addOption(listOf('-s, --status <statuses>', 'in these statuses', STATUSES))
    .addOption(listOf('-r, --result <results>', 'whose last run ended in one of these ways', RESULTS))
    .addOption(listOf('--action <kinds>', 'with an action of these kinds', ACTIONS))
    .option('-c, --client <clients>', 'of these clients: one or several, with commas', texts)
    .option('--search <text>', 'with this text in key, client or description')
    .option('--stale', 'whose last success is too old')
    .addOption(new Option('--sort <by>', 'in this order').choices(Object.keys(SORTS)))
    .action(async (flags: Flags) => {
      const filter = {
        statuses: flags.status,
        results: flags.result,
        actions: flags.action,
        clientIds: flags.client,
        search: flags.search,
        stale: flags.stale,
        projects: flags.project === undefined ? undefined : [flags.project],
      };
      const orderBy =
        flags.sort && ({ field: SORTS[flags.sort], direction: flags.sort === 'next' ? 'ASC' : 'DESC' } as const);
      const jobs = await withSdk(flags, context, (sdk) =>
        collect(context, flags, async (page) => (await sdk.jobs({ filter, orderBy, ...page })).jobs),
      );
      writeRows(context.terminal, flags, jobs.map(jobRow), JOB_COLUMNS);
    });
  withExamples(command, ['job list', 'job list --status running,aborting', 'job list --result fail,lost -o csv --all']);
}
