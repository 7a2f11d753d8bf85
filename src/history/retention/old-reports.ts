import type { TransactionStatus } from '../../entities/ledger.js';
import { isOver } from '../statuses.js';
import type { Sweep } from './progress.js';
import { deleteReports, type ReportKey } from './remains.js';
import { BATCH, type Purge } from './work.js';

interface OldReport extends ReportKey {
  at: number | string;
  /** Of its transaction; null: it was deleted. */
  status: TransactionStatus | null;
}

const OLD = `SELECT r.transaction_id AS transactionId, r.report_id AS reportId, r.received_at AS at, x.status
  FROM reports r LEFT JOIN transactions x ON x.id = r.transaction_id
  WHERE r.received_at >= ? AND r.received_at < ?
  AND (r.received_at > ? OR r.transaction_id > ? OR (r.transaction_id = ? AND r.report_id > ?))
  ORDER BY r.received_at, r.transaction_id, r.report_id LIMIT ${BATCH}`;

/**
 * Forgets reports that were taken in before `before`, but those of open transactions: the same report once more would
 * count as a new one from then on.
 */
export async function purgeReports(purge: Purge, sweep: Sweep, before: number): Promise<Sweep> {
  let last = { at: sweep.position, transactionId: '', reportId: '' };
  while (!purge.signal.aborted) {
    const { at, transactionId, reportId } = last;
    const position = [at, before, at, transactionId, transactionId, reportId];
    const chunk = await purge.db.reader.rows<OldReport>(OLD, position);
    const going = chunk.filter(({ status }) => status === null || isOver(status));
    if (going.length > 0) {
      await purge.db.transaction(async (tx) => {
        const deleted = await deleteReports(tx, going);
        tx.afterCommit(() => purge.count('reports', deleted));
      });
    }
    const end = chunk.at(-1);
    if (end) last = { ...end, at: Number(end.at) };
    if (chunk.length < BATCH) break;
  }
  return { ...sweep, position: last.at };
}
