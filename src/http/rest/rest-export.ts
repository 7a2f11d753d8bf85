import type { TaskExportFilter } from '../../history/export/export-list.js';
import type { ExportedTask, ExportPage, ExportService } from '../../history/export/export-service.js';
import type { TransactionName } from '../../history/export/transaction-names.js';
import { STATUSES_BY_NAME } from '../../history/statuses.js';
import { readAhead } from '../../lib/read-ahead.js';
import type { Clock } from '../../lib/time.js';
import type { ConnectionCap } from '../connections.js';
import type { Route } from '../parts.js';
import type { RestCall, RestFront, RestKind } from './rest-front.js';
import { RestQuery } from './rest-query.js';
import { TASK_CSV_HEADER, taskCsv, taskJsonLine } from './task-format.js';

/** What the exports are made of. */
export interface RestExportParts {
  readonly front: RestFront;
  readonly exports: Pick<ExportService, 'tasks'>;
  readonly cap: ConnectionCap;
  readonly clock: Clock;
}

/** A form of exports. */
interface Format {
  readonly type: string;
  readonly extension: string;
  readonly header: string;
  readonly line: (task: ExportedTask, transaction: TransactionName | undefined) => string;
}

const CSV: Format = {
  type: 'text/csv; charset=utf-8; header=present',
  extension: 'csv',
  header: TASK_CSV_HEADER,
  line: taskCsv,
};
const FORMATS: ReadonlyMap<string, Format> = new Map([
  ['csv', CSV],
  ['jsonl', { type: 'application/jsonl; charset=utf-8', extension: 'jsonl', header: '', line: taskJsonLine }],
]);

/** The mark by which programs that do not look for it take the text for UTF-8. */
const BOM = '\uFEFF';

const PARAMETERS = [
  'format',
  'bom',
  'summaries',
  'cluster_id',
  'projects',
  'transaction_ids',
  'node_ids',
  'statuses',
  'task_names',
  'started_after',
  'started_before',
];

/** What a request for an export asks for. */
interface Asked {
  readonly format: Format;
  readonly bom: boolean;
  readonly summaries: boolean;
  readonly filter: TaskExportFilter;
}

/** Reads a request. Throws InvalidInputError, which names each fault. */
function askedFor(values: URLSearchParams): Asked {
  const query = new RestQuery(values, PARAMETERS);
  const format = query.word('format', FORMATS) ?? CSV;
  const [bom, summaries] = [query.flag('bom'), query.flag('summaries')];
  if (summaries && format === CSV) query.fault('summaries', 'Summaries have any shape: ask for format=jsonl.');
  if (bom && format !== CSV) query.fault('bom', 'Only CSV may begin with a byte order mark.');
  const filter = {
    clusterIds: query.list('cluster_id'),
    projects: query.list('projects'),
    transactionIds: query.list('transaction_ids'),
    nodeIds: query.list('node_ids'),
    statuses: query.words('statuses', STATUSES_BY_NAME),
    taskNames: query.list('task_names'),
    startedAfter: query.instant('started_after'),
    startedBefore: query.instant('started_before'),
  };
  query.check();
  return { format, bom, summaries, filter };
}

/** What was sent of an export. */
interface Sent {
  rows: number;
}

/** The text of an export: what it begins with comes with its first rows, so that a failure to read them is told. */
async function* lines(pages: AsyncIterable<ExportPage>, { format, bom }: Asked, sent: Sent): AsyncGenerator<string> {
  let text = (bom ? BOM : '') + format.header;
  for await (const { tasks, transactions } of pages) {
    for (const task of tasks) text += format.line(task, transactions.get(task.transactionId));
    sent.rows += tasks.length;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

const KIND: RestKind = { name: 'tasks_history_export', right: 'taskHistory', cost: 5_000 };

async function answerExport({ front, exports, cap, clock }: RestExportParts, call: RestCall): Promise<string> {
  const { ctx, req, res, url } = call;
  const asked = askedFor(url.searchParams);
  const pages = await exports.tasks(ctx, asked.filter, asked.summaries);
  const sent: Sent = { rows: 0 };
  const at = new Date(clock.now()).toISOString().replaceAll(/:|\.\d+/g, '');
  // HTTP/1.0 and answers without a body have no trailers.
  const trailed = req.httpVersion !== '1.0' && req.method === 'GET';
  return front.stream(call, {
    headers: {
      'content-type': asked.format.type,
      'content-disposition': `attachment; filename="tasks-history-${at}.${asked.format.extension}"`,
      ...(trailed ? { trailer: 'Orrery-Export' } : {}),
    },
    pieces: lines(readAhead(pages), asked, sent),
    cap,
    finish: () => {
      if (trailed) res.addTrailers({ 'Orrery-Export': `complete; rows=${sent.rows}` });
    },
  });
}

/** The route of `/api/export/tasks-history`. */
export function restExportRoute(parts: RestExportParts): Route {
  return (req, res, url) => parts.front.answer(KIND, { req, res, url }, (call) => answerExport(parts, call));
}
