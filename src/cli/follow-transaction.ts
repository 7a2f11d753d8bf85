import type { EventLineFragment, OrrerySdk, TransactionLineFragment } from '@orrery/sdk';
import type { CommandContext } from './command.js';
import { CliFailure, EXIT } from './failure.js';
import { secondsBetween } from './rows/run.js';

const OVER = new Set<string>(['READY', 'ERROR', 'STOPPED', 'LOST']);
const KINDS = { DEPLOYMENT: 'Deployment', JOB_RUN: 'Run', ACTION_PLAN: 'Plan' } as const;

/** A transaction by its number or id. Throws CliFailure when there is none that the caller may see. */
export async function findTransaction(sdk: OrrerySdk, id: string): Promise<TransactionLineFragment> {
  const { transaction } = await sdk.transaction({ id });
  if (transaction) return transaction;
  const ways = 'see "orrery deployment list" and "orrery run list"';
  throw new CliFailure(`There is no transaction "${id}": ${ways}.`, EXIT.REFUSED);
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
