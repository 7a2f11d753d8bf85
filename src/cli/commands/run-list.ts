import type { JobResult, RunState, RunTrigger } from '@orrery/sdk';
import type { Command } from 'commander';
import {
  type CommandContext,
  listOf,
  type ServerOptions,
  texts,
  withExamples,
  withSdk,
  withServer,
} from '../command.js';
import { showList } from '../followed-list.js';
import { past } from '../instant-option.js';
import { type PagingOptions, withPaging } from '../paging.js';
import { RUN_COLUMNS, runRow } from '../rows/run.js';
import { RESULTS } from './job-list.js';
import { requireJobs } from './job-show.js';

const STATES: readonly RunState[] = ['WAITING', 'BUFFERED', 'RUNNING', 'ENDED'];
const TRIGGERS: readonly RunTrigger[] = ['SCHEDULE', 'CATCHUP', 'MANUAL', 'START'];

interface Flags extends ServerOptions, PagingOptions {
  readonly job?: string[];
  readonly client?: string[];
  readonly state?: RunState[];
  readonly result?: JobResult[];
  readonly trigger?: RunTrigger[];
  readonly since?: string;
  readonly follow?: boolean;
}

/** `orrery run list` */
export function registerRunList(parent: Command, context: CommandContext): void {
  const command = parent.command('list').alias('ls').description('list runs, the newest first');
  withPaging(withServer(command))
    .option('-j, --job <jobs>', 'of these jobs: one or several keys, with commas', texts)
    .option('-c, --client <clients>', 'for these clients: one or several, with commas', texts)
    .addOption(listOf('-s, --state <states>', 'in these states', STATES))
    .addOption(listOf('-r, --result <results>', 'that ended in one of these ways', RESULTS))
    .addOption(listOf('--trigger <triggers>', 'made by one of these', TRIGGERS))
    .option('--since <date>', 'that began after: a date, or how long ago', past)
    .option('-f, --follow', 'go on with each change of a run, as it happens')
    .action(async (flags: Flags) => {
      const { job: jobKeys, client: clientIds, state: states, result: results, trigger: triggers } = flags;
      const filter = { jobKeys, clientIds, states, results, triggers, startedAfter: flags.since };
      await withSdk(flags, context, async (sdk) => {
        await requireJobs(sdk, jobKeys ?? []);
        await showList(context, flags, sdk, {
          columns: RUN_COLUMNS,
          row: runRow,
          newestFirst: true,
          page: async (page) => (await sdk.runs({ filter, ...page })).runs,
          async *changes(after) {
            const changes = sdk.runChanged({ filter: { jobKeys, clientIds, states, results }, after });
            for await (const { runChanged } of changes) if (runChanged.run) yield [runRow(runChanged.run)];
          },
        });
      });
    });
  withExamples(command, ['run list --job docs', 'run list --result fail,lost --since 7d -o csv', 'run list --follow']);
}
