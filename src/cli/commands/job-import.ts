import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { parseDocument } from 'yaml';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { defaultClient } from '../definition/client.js';
import { CliFailure, EXIT } from '../failure.js';
import { withReason } from './job-control.js';
import { showDefined } from './job-create.js';

interface Flags extends ServerOptions {
  readonly client?: string;
  readonly stopped?: boolean;
  readonly reason?: string;
}

/** The text of a file, or of standard input for `-`. Throws CliFailure. */
export function readInput(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliFailure(`${file} cannot be read: ${reason}`, EXIT.USAGE);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // JSON is YAML too, and YAML's parser says in which line and column a text is broken.
    const document = parseDocument(text, { prettyErrors: true });
    const [broken] = document.errors;
    if (broken) throw new CliFailure(`${name} is neither JSON nor YAML: ${broken.message.trimEnd()}`, EXIT.USAGE);
    return document.toJS();
  }
}

/** A job document from JSON or YAML. Throws CliFailure that says where the text is broken. */
export function parseJobDocument(text: string, name: string): Record<string, unknown> {
  const value = parsed(text, name);
  if (!isObject(value)) throw new CliFailure(`${name} does not hold a job document: that is an object.`, EXIT.USAGE);
  return value;
}

/** Whether a document, with or without its outer `job`, says which client it is for. */
function namesClient(document: Record<string, unknown>): boolean {
  const inner = isObject(document.job) ? document.job : document;
  return inner.client_id !== undefined;
}

/** `orrery job import` */
export function registerJobImport(parent: Command, context: CommandContext): void {
  const command = parent
    .command('import')
    .argument('<file>', 'the document, JSON or YAML; - reads standard input')
    .description('make a job from a Freezer job document');
  withReason(withProject(withServer(command)))
    .option(
      '-c, --client <client>',
      'the client that runs it, where the document names none; default: this host, or the only one',
    )
    .option('--stopped', 'do not put it under its schedule, whatever the document says')
    .action(async (file: string, flags: Flags) => {
      const document = parseJobDocument(readInput(file), file === '-' ? 'The input' : file);
      const payload = await withSdk(flags, context, async (sdk) => {
        const clientId = flags.client ?? (namesClient(document) ? undefined : await defaultClient(sdk, hostname()));
        const { project, reason } = flags;
        const input = { document, clientId, project, reason, ...(flags.stopped ? { start: false } : {}) };
        return payloadOf((await sdk.jobImport({ input })).jobImport);
      });
      showDefined(context, flags, payload);
    });
  withExamples(command, [
    'job import job.json',
    'job import - --client web1 < job.json',
    'job import job.yaml --stopped',
  ]);
}
