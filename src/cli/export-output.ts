import { open, rename, rm } from 'node:fs/promises';
import type { OrreryClient } from '@orrery/sdk';
import { type Command, Option } from 'commander';
import { type CommandContext, filled, withConnection } from './command.js';
import { CliFailure, EXIT } from './failure.js';
import { type Progress, progressOn } from './output/progress.js';
import { type ConnectionOptions, connectTo, findServer } from './session.js';
import type { Terminal } from './terminal.js';

const FORMATS = ['csv', 'jsonl'] as const;

/** Where an export goes, and its form. */
export interface ExportFlags extends ConnectionOptions {
  readonly format?: (typeof FORMATS)[number];
  readonly file?: string;
  readonly bom?: boolean;
}

/** Adds the options of every export. */
export function withExport(command: Command): Command {
  return withConnection(command)
    .addOption(new Option('--format <format>', 'the form (default: csv; by the name of the file)').choices(FORMATS))
    .option('--file <path>', 'write this file, which appears when it is whole; - or nothing: standard output', filled)
    .option('--bom', 'begin CSV with the mark by which some spreadsheets know UTF-8');
}

/** CSV for spreadsheets, unless a file's name or a wish for what CSV cannot hold says otherwise. */
export function formatOf({ format, file }: ExportFlags, nested = false): 'csv' | 'jsonl' {
  return format ?? (nested || /\.(jsonl|ndjson)$/.test(file ?? '') ? 'jsonl' : 'csv');
}

type Pieces = AsyncIterable<Uint8Array>;

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

/** Runs an export, and writes what comes to the file of the flags, or to standard output. Throws CliFailure. */
export async function writeExport(
  { terminal, signal }: CommandContext,
  flags: ExportFlags,
  start: (client: OrreryClient, signal: AbortSignal) => Promise<Pieces>,
): Promise<void> {
  const client = connectTo(findServer(flags), terminal);
  const begin = (): Promise<Pieces> => start(client, signal);
  if (flags.file === undefined || flags.file === '-') {
    await writeOut(await begin(), terminal);
    return;
  }
  const progress = progressOn(terminal);
  try {
    await writeFile(async () => counted(await begin(), progress), flags.file);
  } finally {
    progress.clear();
  }
}
