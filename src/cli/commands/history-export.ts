import { open, rename, rm } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { type CommandContext, texts, withConnection, withExamples } from '../command.js';
import { type TaskFlags, taskFilterOf, withTaskFilter } from '../definition/task-filter.js';
import { CliFailure, EXIT } from '../failure.js';
import { past } from '../instant-option.js';
import { type Progress, progressOn } from '../output/progress.js';
import { type ConnectionOptions, connectTo, findServer } from '../session.js';
import type { Terminal } from '../terminal.js';

const FORMATS = ['csv', 'jsonl'] as const;

interface Flags extends ConnectionOptions, TaskFlags {
  readonly format?: (typeof FORMATS)[number];
  readonly file?: string;
  readonly bom?: boolean;
  readonly summary?: boolean;
  readonly transaction?: string[];
  readonly cluster?: string;
  readonly since?: string;
  readonly until?: string;
}

type Pieces = AsyncIterable<Uint8Array>;

/** CSV for spreadsheets, unless a file's name or a wish for summaries says otherwise. */
function formatOf({ format, file, summary }: Flags): 'csv' | 'jsonl' {
  return format ?? (summary || /\.(jsonl|ndjson)$/.test(file ?? '') ? 'jsonl' : 'csv');
}

/** Counts what goes by, and shows it while a person watches. */
async function* counted(pieces: Pieces, progress: Progress): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.byteLength;
    progress.show(null, `${(bytes / 1_048_576).toFixed(1)} MiB`);
    yield piece;
  }
}

/** Writes to standard output, no faster than its reader reads. */
async function writeOut(pieces: Pieces, terminal: Terminal): Promise<void> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for await (const piece of pieces) {
    terminal.out(decoder.decode(piece, { stream: true }));
    await terminal.drained();
  }
}

/**
 * Writes a file, which bears its name only when it is whole; what begins the export is called once it can be written.
 * Throws CliFailure when it cannot.
 */
async function writeFile(begin: () => Promise<Pieces>, path: string): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, 'w').catch((error: Error) => {
    throw new CliFailure(`${path} cannot be written: ${error.message}`, EXIT.USAGE);
  });
  try {
    for await (const piece of await begin()) await file.write(piece);
    await file.close();
    await rename(part, path);
  } catch (error) {
    await file.close();
    await rm(part, { force: true });
    throw error;
  }
}

/** `orrery history export` */
export function registerHistoryExport(parent: Command, context: CommandContext): void {
  const command = parent
    .command('export')
    .description('export the history of tasks, however long, as CSV or JSON lines');
  const { terminal } = context;
  withTaskFilter(withConnection(command))
    .addOption(new Option('--format <format>', 'the form (default: csv; by the name of the file)').choices(FORMATS))
    .option('--file <path>', 'write this file, which appears when it is whole (default: standard output)')
    .option('--bom', 'begin CSV with the mark by which some spreadsheets know UTF-8')
    .option('--summary', 'with the summary of each; JSON lines only')
    .option('-t, --transaction <transactions>', 'of these deployments and runs: numbers or ids, with commas', texts)
    .option('-c, --cluster <cluster>', 'of this cluster: external id or id')
    .option('--since <date>', 'that began after: a date, or how long ago', past)
    .option('--until <date>', 'that began before: a date, or how long ago', past)
    .action(async (flags: Flags) => {
      const { nodes: nodeIds, statuses, taskNames } = taskFilterOf(flags);
      const asked = {
        format: formatOf(flags),
        bom: flags.bom,
        summaries: flags.summary,
        clusterId: flags.cluster,
        transactionIds: flags.transaction,
        nodeIds,
        statuses,
        taskNames,
        startedAfter: flags.since,
        startedBefore: flags.until,
      };
      const client = connectTo(findServer(flags), terminal);
      const begin = (): Promise<Pieces> => client.exportTasks(asked, context.signal);
      if (flags.file === undefined) {
        await writeOut(await begin(), terminal);
        return;
      }
      const progress = progressOn(terminal);
      try {
        await writeFile(async () => counted(await begin(), progress), flags.file);
      } finally {
        progress.clear();
      }
    });
  withExamples(command, [
    'history export --cluster env-1 --since 30d > env-1.csv',
    'history export --file history.jsonl --summary',
    'history export -t 12 --statuses error --bom --file failed.csv',
  ]);
}
