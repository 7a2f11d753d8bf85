import type { DueOutcome } from '@orrery/sdk';
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
import { future, past } from '../instant-option.js';
import { writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
import { DUE_COLUMNS, dueRow } from '../rows/due.js';
import { requireJobs } from './job-show.js';

const OUTCOMES: readonly DueOutcome[] = [
  'RAN',
  'LATE',
  'SKIPPED',
  'MISSED',
  'LOST',
  'FAILED',
  'WAITING',
  'DUE',
  'COMING',
];

interface Flags extends ServerOptions, PagingOptions {
  readonly from?: string;
  readonly until?: string;
  readonly outcome?: DueOutcome[];
  readonly client?: string[];
}

/** `orrery job due` */
export function registerJobDue(parent: Command, context: CommandContext): void {
  const command = parent
    .command('due')
    .argument('[job...]', 'keys or ids (default: all jobs)')
    .description('show due times, past and to come, and what came of each');
  withPaging(withServer(command))
    .option('--from <date>', 'from then on: a date, or how long ago (default: 1d)', past)
    .option('--until <date>', 'until then: a date, or in how long (default: 1d)', future)
    .addOption(listOf('--outcome <outcomes>', 'that came to one of these', OUTCOMES))
    .option('-c, --client <clients>', 'of these clients: one or several, with commas', texts)
    .action(async (jobs: string[], flags: Flags) => {
      const { from, until: to, outcome: outcomes, client: clientIds } = flags;
      const filter = { outcomes, clientIds, jobs: jobs.length > 0 ? jobs : undefined };
      const times = await withSdk(flags, context, async (sdk) => {
        await requireJobs(sdk, jobs);
        return collect(context, flags, async (page) => (await sdk.dueTimes({ filter, from, to, ...page })).dueTimes);
      });
      writeRows(context.terminal, flags, times.map(dueRow), DUE_COLUMNS);
    });
  withExamples(command, [
    'job due',
    'job due docs --from 7d --outcome missed,skipped,lost',
    'job due --until 12h -o csv',
  ]);
}
