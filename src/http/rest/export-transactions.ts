import type { ExportService, TransactionExportPage } from '../../history/export/export-service.js';
import { TRANSACTION_KINDS_BY_NAME, TRANSACTION_STATUSES_BY_NAME } from '../../history/statuses.js';
import { textPieces } from '../../lib/text-pieces.js';
import type { ExportPart, ExportSubject, FormatName } from './export-subject.js';
import { TRANSACTION_CSV_HEADER, transactionCsv, transactionJsonLine } from './transaction-format.js';

const PARAMETERS = [
  'cluster_id',
  'projects',
  'kinds',
  'statuses',
  'names',
  'external_ids',
  'created_after',
  'created_before',
];

async function* parts(pages: AsyncIterable<TransactionExportPage>, format: FormatName): AsyncGenerator<ExportPart> {
  const line = format === 'csv' ? transactionCsv : transactionJsonLine;
  for await (const { transactions, clusters } of pages) {
    const lines = transactions.map((row) => line(row, clusters.get(row.scope)));
    yield { rows: transactions.length, texts: textPieces(lines) };
  }
}

/** The transactions of the ledger. */
export const transactionExport = (exports: Pick<ExportService, 'transactions'>): ExportSubject => ({
  name: 'transactions',
  right: 'transactions',
  parameters: PARAMETERS,
  csvHeader: TRANSACTION_CSV_HEADER,
  read(query, format) {
    const filter = {
      clusterIds: query.list('cluster_id'),
      projects: query.list('projects'),
      kinds: query.words('kinds', TRANSACTION_KINDS_BY_NAME),
      statuses: query.words('statuses', TRANSACTION_STATUSES_BY_NAME),
      names: query.list('names'),
      externalIds: query.list('external_ids'),
      createdAfter: query.instant('created_after'),
      createdBefore: query.instant('created_before'),
    };
    return async (ctx) => parts(await exports.transactions(ctx, filter), format);
  },
});
