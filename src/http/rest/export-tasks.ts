import type { ExportPage, ExportService } from '../../history/export/export-service.js';
import { TASK_STATUSES_BY_NAME } from '../../history/statuses.js';
import { textPieces } from '../../lib/text-pieces.js';
import type { ExportPart, ExportSubject, FormatName } from './export-subject.js';
import { TASK_CSV_HEADER, taskCsv, taskJsonLine } from './task-format.js';

const PARAMETERS = [
  'summaries',
  'cluster_id',
  'projects',
  'transaction_ids',
  'node_ids',
  'statuses',
  'task_names',
  'search',
  'started_after',
  'started_before',
];

async function* parts(pages: AsyncIterable<ExportPage>, format: FormatName): AsyncGenerator<ExportPart> {
  const line = format === 'csv' ? taskCsv : taskJsonLine;
  for await (const { tasks, transactions, clusters } of pages) {
    const lines = tasks.map((task) => line(task, transactions.get(task.transactionId), clusters.get(task.scope)));
    yield { rows: tasks.length, texts: textPieces(lines) };
  }
}

/** The tasks that ever ran. */
export const taskExport = (exports: Pick<ExportService, 'tasks'>): ExportSubject => ({
  name: 'tasks-history',
  right: 'taskHistory',
  parameters: PARAMETERS,
  csvHeader: TASK_CSV_HEADER,
  read(query, format) {
    const summaries = query.flag('summaries');
    if (summaries && format === 'csv') query.fault('summaries', 'Summaries have any shape: ask for format=jsonl.');
    const filter = {
      clusterIds: query.list('cluster_id'),
      projects: query.list('projects'),
      transactionIds: query.list('transaction_ids'),
      nodeIds: query.list('node_ids'),
      statuses: query.words('statuses', TASK_STATUSES_BY_NAME),
      taskNames: query.list('task_names'),
      search: query.text('search'),
      startedAfter: query.instant('started_after'),
      startedBefore: query.instant('started_before'),
    };
    if (filter.search !== null && filter.transactionIds === null) {
      query.fault('search', 'Within named transactions is searched: give "transaction_ids" as well.');
    }
    return async (ctx) => parts(await exports.tasks(ctx, filter, summaries), format);
  },
});
