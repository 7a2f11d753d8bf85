import type { ListedTransaction } from '../../history/export/listed-transaction.js';
import { clusterIn, projectIn } from '../../history/scope.js';
import { csvRecord } from '../../lib/csv.js';
import { numberText } from '../../lib/number-text.js';
import { csvOf, secondsOf, timeOf } from './fields.js';

/** The line that CSV begins with. */
export const TRANSACTION_CSV_HEADER = csvRecord([
  'number',
  'id',
  'kind',
  'cluster_id',
  'cluster_external_id',
  'project',
  'external_id',
  'name',
  'status',
  'reason',
  'dry_run',
  'attempts',
  'created_at',
  'time_start',
  'time_end',
  'duration',
]);

/** A transaction as an export shows it. Instants are ISO 8601 in UTC. */
const shown = (row: ListedTransaction, cluster: string | undefined) => ({
  number: row.number,
  id: row.id,
  kind: row.kind,
  cluster_id: clusterIn(row.scope),
  cluster_external_id: cluster ?? null,
  project: projectIn(row.scope),
  external_id: row.externalId,
  name: row.name,
  status: row.status,
  reason: row.reason,
  dry_run: row.dryRun === 1,
  attempts: row.attempts,
  created_at: timeOf(row.createdAt),
  time_start: timeOf(row.timeStart),
  time_end: timeOf(row.timeEnd),
  duration: secondsOf(row),
});

/** A transaction as a line of CSV. */
export const transactionCsv = (row: ListedTransaction, cluster: string | undefined): string =>
  csvRecord(
    Object.values(shown(row, cluster)).map((value) =>
      typeof value === 'number' ? numberText(value) : csvOf(value?.toString() ?? null),
    ),
  );

/** A transaction as a line of JSON. */
export const transactionJsonLine = (row: ListedTransaction, cluster: string | undefined): string =>
  `${JSON.stringify(shown(row, cluster))}\n`;
