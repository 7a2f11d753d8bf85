import type { JobLineFragment, OrrerySdk } from '@orrery/sdk';
import type { Command } from 'commander';
import {
  type CommandContext,
  liveCursor,
  type ServerOptions,
  texts,
  withExamples,
  withSdk,
  withServer,
} from '../command.js';
import { rowWriter } from '../output/format.js';
import { Screen } from '../output/screen.js';
import { TableLines } from '../output/table.js';
import { collect } from '../paging.js';
import { jobRow } from '../rows/job.js';
import { requireJobs } from './job-show.js';

const COLUMNS = ['key', 'status', 'event', 'result', 'nextRunAt', 'timeStarted', 'timeEnded', 'client', 'description'];

interface Flags extends ServerOptions {
  readonly job?: string[];
  readonly client?: string[];
}

/** Where the jobs come from: all of them, and each that changed. */
interface Source {
  /** Taken before the list is read: changes from here on miss nothing. */
  cursor(): Promise<string>;
  list(): Promise<readonly JobLineFragment[]>;
  changes(after: string): AsyncIterable<JobLineFragment>;
}

function sourceOf(sdk: OrrerySdk, context: CommandContext, flags: Flags): Source {
  const { job: keys, client: clientIds } = flags;
  return {
    list: () =>
      collect(context, { limit: 0, all: true }, async (page) => {
        const { jobs } = await sdk.jobs({ filter: { keys, clientIds }, ...page });
        return jobs;
      }),
    cursor: () => liveCursor(sdk),
    async *changes(after) {
      for await (const { jobStatusChanged } of sdk.jobStatusChanged({ filter: { jobs: keys, clientIds }, after })) {
        if (jobStatusChanged.job) yield jobStatusChanged.job;
      }
    },
  };
}

/** A table that is drawn again with each change. */
async function watchTable(source: Source, { terminal }: CommandContext, flags: Flags): Promise<void> {
  const screen = new Screen(terminal);
  const jobs = new Map<string, JobLineFragment>();
  const draw = (): void => {
    const style = { utc: flags.utc === true, width: terminal.width, colour: terminal.colour };
    const lines = new TableLines(COLUMNS, style);
    const rows = [...jobs.values()].map(jobRow);
    lines.fit(rows);
    screen.draw([lines.head(), ...rows.map((row) => lines.row(row))]);
  };
  const take = (changed: readonly JobLineFragment[]): void => {
    for (const job of changed) {
      if (job.status === 'REMOVED') jobs.delete(job.id);
      else jobs.set(job.id, job);
    }
    draw();
  };
  const after = await source.cursor();
  take(await source.list());
  for await (const job of source.changes(after)) take([job]);
}

/** A line for each job, then one for each change: for pipes and programs. */
async function watchLines(source: Source, { terminal }: CommandContext, flags: Flags): Promise<void> {
  const write = rowWriter(terminal, flags, ['at', ...COLUMNS]);
  const after = await source.cursor();
  write((await source.list()).map((job) => ({ at: new Date(), ...jobRow(job) })));
  for await (const job of source.changes(after)) write([{ at: new Date(), ...jobRow(job) }]);
}

/** `orrery watch` */
export function registerWatch(parent: Command, context: CommandContext): void {
  const command = parent.command('watch').description('watch the status of jobs live, until Ctrl-C');
  withServer(command)
    .option('-j, --job <jobs>', 'of these jobs: one or several keys, with commas', texts)
    .option('-c, --client <clients>', 'of these clients: one or several, with commas', texts)
    .action(async (flags: Flags) => {
      const asTable = flags.output === 'table' && context.terminal.interactive;
      await withSdk(flags, context, async (sdk) => {
        await requireJobs(sdk, flags.job ?? []);
        const source = sourceOf(sdk, context, flags);
        return asTable ? watchTable(source, context, flags) : watchLines(source, context, flags);
      });
    });
  withExamples(command, ['watch', 'watch --job docs,www', 'watch -o json | jq -r ".key + \\" \\" + .status"']);
}
