import type { Database } from '../../db/database.js';
import { locked } from '../../db/lock.js';
import type { Reader, Tx } from '../../db/transaction.js';
import { TransactionEntity } from '../../entities/ledger.js';
import { DAY, HOUR, MINUTE } from '../../lib/time.js';
import { apply, type LedgerDeps } from '../apply.js';
import { isOver } from '../statuses.js';

/** What ending silent deployments stands on. */
export interface SilenceDeps extends LedgerDeps {
  readonly db: Database;
  /** How long a deployment may be silent, in milliseconds; 0 = for ever. */
  readonly reportTimeout: number;
  /** Told of a deployment that could not be ended; it is tried again with the next look. */
  readonly onFault: (error: unknown, transactionId: string) => void;
}

/** Deployments looked at by one statement. */
const CHUNK = 200;

const NEWEST_REPORT = '(SELECT MAX(r.received_at) FROM reports r WHERE r.transaction_id = t.id)';
const NEWEST_EVENT =
  '(SELECT e.received_at FROM task_events e WHERE e.transaction_id = t.id ORDER BY e.seq DESC LIMIT 1)';
const COLUMNS = `t.number, t.id, t.created_at AS createdAt, ${NEWEST_REPORT} AS reportedAt, ${NEWEST_EVENT} AS eventAt`;
const OPEN = `SELECT ${COLUMNS} FROM transactions t
  WHERE t.kind = 'DEPLOYMENT' AND t.status = ? AND t.number > ? ORDER BY t.number LIMIT ${CHUNK}`;
const ONE = `SELECT ${COLUMNS} FROM transactions t WHERE t.id = ?`;

interface Heard {
  number: number;
  id: string;
  createdAt: number | string;
  reportedAt: number | string | null;
  eventAt: number | string | null;
}

/** When a deployment was last heard of: its newest report or event, else its announcement. */
const lastHeard = ({ createdAt, reportedAt, eventAt }: Heard): number =>
  Math.max(Number(createdAt), Number(reportedAt ?? 0), Number(eventAt ?? 0));

/** A length of time for people, in its largest whole unit. Pure. */
export function inWords(length: number): string {
  const units = [
    [DAY, 'day'],
    [HOUR, 'hour'],
    [MINUTE, 'minute'],
  ] as const;
  const [size, name] = units.find(([unit]) => length % unit === 0) ?? [1_000, 'second'];
  const count = Math.round(length / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

async function* openDeployments(reader: Reader, signal: AbortSignal): AsyncGenerator<Heard> {
  for (const status of ['PENDING', 'RUNNING']) {
    for (let after = 0; !signal.aborted; ) {
      const rows = await reader.rows<Heard>(OPEN, [status, after]);
      yield* rows;
      after = Number(rows.at(-1)?.number ?? after);
      if (rows.length < CHUNK) break;
    }
  }
}

/** Ends a deployment unless it is over, or was heard of meanwhile: who reports of it holds its row's lock. */
async function endSilent(tx: Tx, deps: SilenceDeps, id: string, before: number): Promise<boolean> {
  const query = tx.manager.getRepository(TransactionEntity).createQueryBuilder('t').where({ id });
  const row = await locked(tx, query).getOne();
  const [heard] = await tx.rows<Heard>(ONE, [id]);
  if (!row || !heard || isOver(row.status) || lastHeard(heard) > before) return false;
  const reason = `Nothing was reported of it for ${inWords(deps.reportTimeout)}.`;
  await apply(tx, deps, [{ transactionId: id, reportId: null, end: { status: 'LOST', reason, running: 'LOST' } }]);
  return true;
}

/**
 * Ends every deployment of which nothing was reported for the report timeout: it is LOST, and so is what ran of it.
 * Returns how many. What is reported of it later is recorded, but it stays LOST: what is over never goes back, except by
 * a reset.
 */
export async function endSilentDeployments(deps: SilenceDeps, signal: AbortSignal): Promise<number> {
  if (deps.reportTimeout === 0) return 0;
  const before = (await deps.db.now()) - deps.reportTimeout;
  let ended = 0;
  for await (const heard of openDeployments(deps.db.reader, signal)) {
    if (lastHeard(heard) > before) continue;
    try {
      if (await deps.db.transaction((tx) => endSilent(tx, deps, heard.id, before))) ended += 1;
    } catch (error) {
      deps.onFault(error, heard.id);
    }
    if (signal.aborted) break;
  }
  return ended;
}
