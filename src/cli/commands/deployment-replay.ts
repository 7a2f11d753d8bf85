import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type OrrerySdk, payloadOf, type TransactionReportInput } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { isObject } from '../definition/document.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeObject } from '../output/format.js';

type Input<K extends 'transactionStart' | 'transactionEnd'> = Parameters<OrrerySdk[K]>[0]['input'];

/** What came of the messages. */
interface Replayed {
  started: number;
  reports: number;
  repeated: number;
  accepted: number;
  ended: number;
  readonly refused: string[];
}

/** One message: an object whose one key names the mutation, and its value is the input. Throws CliFailure. */
function messageIn(line: string, place: string): [string, Record<string, unknown>] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliFailure(`${place} is no JSON: ${reason}`, EXIT.USAGE);
  }
  const [entry, another] = isObject(value) ? Object.entries(value) : [];
  if (!entry || another || !isObject(entry[1])) {
    throw new CliFailure(`${place} is not of the form {"transactionReport": {…}}.`, EXIT.USAGE);
  }
  return [entry[0], entry[1]];
}

/** Says one message. What the API refuses is thrown as CliFailure; refused events of a report are kept. */
async function say(sdk: OrrerySdk, line: string, place: string, so: Replayed): Promise<void> {
  const [name, given] = messageIn(line, place);
  if (name === 'transactionStart') {
    const input = given as Input<'transactionStart'>;
    const { outcome } = payloadOf((await sdk.transactionStart({ input })).transactionStart);
    if (outcome === 'STARTED') so.started += 1;
  } else if (name === 'transactionReport') {
    const input = given as TransactionReportInput;
    const payload = payloadOf((await sdk.transactionReport({ input })).transactionReport);
    if (payload.outcome === 'REPEATED') so.repeated += 1;
    else so.reports += 1;
    so.accepted += payload.outcome === 'REPEATED' ? 0 : payload.accepted;
    so.refused.push(...payload.refused.map(({ index, message }) => `${place}, events.${index}: ${message}`));
  } else if (name === 'transactionEnd') {
    const input = given as Input<'transactionEnd'>;
    const { outcome } = payloadOf((await sdk.transactionEnd({ input })).transactionEnd);
    if (outcome === 'ENDED') so.ended += 1;
  } else {
    const right = 'transactionStart, transactionReport or transactionEnd';
    throw new CliFailure(`${place} begins with "${name}": ${right} would be right.`, EXIT.USAGE);
  }
}

async function replay(sdk: OrrerySdk, file: string, signal: AbortSignal): Promise<Replayed> {
  const so: Replayed = { started: 0, reports: 0, repeated: 0, accepted: 0, ended: 0, refused: [] };
  const input = file === '-' ? process.stdin : createReadStream(file, { signal });
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() !== '') await say(sdk, line, `Line ${number}`, so);
  }
  return so;
}

/** `orrery deployment replay` */
export function registerDeploymentReplay(parent: Command, context: CommandContext): void {
  const command = parent
    .command('replay')
    .description('say again what was said of deployments: one message a line, as they come by the queue')
    .argument('<file>', 'lines such as {"transactionReport": {…}}; - reads standard input');
  withServer(command).action(async (file: string, flags: ServerOptions) => {
    const { refused, ...counts } = await withSdk(flags, context, (sdk) => replay(sdk, file, context.signal)).catch(
      (error) => {
        if (error instanceof Error && 'syscall' in error && 'path' in error) {
          throw new CliFailure(`${file} cannot be read: ${error.message}`, EXIT.USAGE);
        }
        throw error;
      },
    );
    writeObject(context.terminal, flags, { ...counts, refused: refused.length }, { ...counts, refused });
    if (refused.length > 0) throw new CliFailure(`Events were refused:\n  ${refused.join('\n  ')}`, EXIT.REFUSED);
  });
  withExamples(command, ['deployment replay docs/examples/deployments.jsonl', 'deployment replay - < messages.jsonl']);
}
