import {
  type EventLineFragment,
  OrreryError,
  type OrrerySdk,
  type TombstoneLineFragment,
  type TransactionLineFragment,
} from '@orrery/sdk';
import type { CommandContext } from './command.js';
import { CliFailure, EXIT } from './failure.js';
import { secondsBetween } from './rows/run.js';

const OVER = new Set<string>(['READY', 'ERROR', 'STOPPED', 'LOST']);
const KINDS = { DEPLOYMENT: 'Deployment', JOB_RUN: 'Run', ACTION_PLAN: 'Plan' } as const;

/** What is left of a transaction; null where nothing is, and for those who may not know. */
async function tombstoneOf(sdk: OrrerySdk, id: string): Promise<TombstoneLineFragment | null> {
  try {
    return (await sdk.transactionTombstone({ id })).transactionTombstone;
  } catch (error) {
    if (error instanceof OrreryError && error.code === 'FORBIDDEN') return null;
    throw error;
  }
}

/** Why there is no such transaction: it was deleted, or never was. */
export async function absence(sdk: OrrerySdk, id: string): Promise<string> {
  const tombstone = await tombstoneOf(sdk, id);
  if (!tombstone) return `There is no transaction "${id}": see "orrery deployment list" and "orrery run list".`;
  const { kind, number, name, actor, deletedAt, reason } = tombstone;
  return `${KINDS[kind]} ${number} (${name}) was deleted by ${actor} at ${deletedAt}: ${reason}`;
}

/** A transaction by its number or id. Throws CliFailure when there is none that the caller may see. */
export async function findTransaction(sdk: OrrerySdk, id: string): Promise<TransactionLineFragment> {
  const { transaction } = await sdk.transaction({ id });
  if (transaction) return transaction;
  throw new CliFailure(await absence(sdk, id), EXIT.REFUSED);
}

const nameOf = ({ kind, number, name }: TransactionLineFragment): string => `${KINDS[kind]} ${number} (${name})`;

/** How a transaction ended. Throws CliFailure with exit code 1 for anything but READY. */
function tellEnd({ terminal }: Pick<CommandContext, 'terminal'>, ended: TransactionLineFragment): void {
  const seconds = secondsBetween(ended.timeStart, ended.timeEnd);
  const time = seconds === null ? '' : ` after ${seconds} s`;
  const text = `${nameOf(ended)}: ${ended.status}${time}${ended.reason ? ` (${ended.reason})` : ''}`;
  if (ended.status !== 'READY') throw new CliFailure(text, EXIT.FAILED);
  terminal.err(`${text}\n`);
}

/** Where the record of a transaction stands: what is appended from now on comes after it. */
export async function recordMark(sdk: OrrerySdk, id: string): Promise<string> {
  const { transaction } = await sdk.transactionEvents({ id, last: 1 });
  return transaction?.taskEvents.nodes[0]?.cursor ?? '0';
}

/**
 * Follows the record of a transaction after a mark until it is over; then tells how it ended. Throws CliFailure with
 * exit code 1 when that is anything but READY. Ends early, and says what goes on, with the context's signal.
 */
export async function followRecord(
  sdk: OrrerySdk,
  context: CommandContext,
  followed: TransactionLineFragment,
  after: string,
  take: (event: EventLineFragment) => void,
): Promise<void> {
  const { id } = followed;
  if (!OVER.has(followed.status)) {
    const events = sdk.taskEventAppended({ transactionId: id, after }, context.signal);
    for await (const { taskEventAppended } of events) take(taskEventAppended);
  }
  if (context.signal.aborted) {
    context.terminal.err(`${nameOf(followed)} goes on. Follow it: orrery tasks-history ${followed.number} --follow\n`);
    return;
  }
  tellEnd(context, await findTransaction(sdk, id));
}
