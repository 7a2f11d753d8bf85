import type { ExportService } from '../../history/export/export-service.js';
import type { HistoryService } from '../../history/service.js';
import { MINUTE } from '../../lib/time.js';
import { ConnectionCap } from '../connections.js';
import type { Route } from '../parts.js';
import { taskExport } from './export-tasks.js';
import { transactionExport } from './export-transactions.js';
import { restExportRoute } from './rest-export.js';
import { RestFront, type RestFrontParts } from './rest-front.js';
import { restTasksRoute, TASKS_PATH } from './rest-tasks.js';

/** What the paths below `/api/` are made of. */
export interface RestParts extends Omit<RestFrontParts, 'idle'> {
  readonly history: Pick<HistoryService, 'find'>;
  readonly exports: ExportService;
  /** Milliseconds after which a client that takes nothing of a list is cut off. Default: a minute. */
  readonly idle?: number;
}

/** Lists and exports sent at once: each holds a page or two, and asks the database for another now and then. */
const MOST_LISTS = 200;
const MOST_EXPORTS = 8;

/** The seed's paths and the exports, for the router. */
export function createRest({ history, exports, idle = MINUTE, ...parts }: RestParts): ReadonlyMap<string, Route> {
  const front = new RestFront({ ...parts, idle });
  const [lists, files] = [new ConnectionCap(MOST_LISTS), new ConnectionCap(MOST_EXPORTS)];
  parts.metrics.gauge('orrery_rest_lists_open', 'Lists that are being sent by REST.', () => lists.open);
  parts.metrics.gauge('orrery_exports_open', 'Exports that are being sent.', () => files.open);
  const download = { front, cap: files, clock: parts.clock };
  return new Map<string, Route>([
    [TASKS_PATH, restTasksRoute({ front, history, exports, cap: lists })],
    ['/api/export/tasks-history', restExportRoute(download, taskExport(exports))],
    ['/api/export/transactions', restExportRoute(download, transactionExport(exports))],
  ]);
}
