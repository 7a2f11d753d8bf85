import { readAhead } from '../../lib/read-ahead.js';
import type { Clock } from '../../lib/time.js';
import type { ConnectionCap } from '../connections.js';
import type { Route } from '../parts.js';
import type { ExportOpening, ExportPart, ExportSubject, FormatName } from './export-subject.js';
import type { RestCall, RestFront, RestKind } from './rest-front.js';
import { RestQuery } from './rest-query.js';

/** What exports are made of, whatever they show. */
export interface RestExportParts {
  readonly front: RestFront;
  readonly cap: ConnectionCap;
  readonly clock: Clock;
}

const FORMATS: ReadonlyMap<string, FormatName> = new Map([
  ['csv', 'csv'],
  ['jsonl', 'jsonl'],
]);

const TYPES: Readonly<Record<FormatName, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/jsonl; charset=utf-8',
};

/** The mark by which programs that do not look for it take the text for UTF-8. */
const BOM = '\uFEFF';

/** What a request for an export asks for. */
interface Asked {
  readonly format: FormatName;
  /** What the text begins with. */
  readonly head: string;
  readonly open: ExportOpening;
}

/** Reads a request. Throws InvalidInputError, which names each fault. */
function askedFor(subject: ExportSubject, values: URLSearchParams): Asked {
  const query = new RestQuery(values, ['format', 'bom', ...subject.parameters]);
  const format = query.word('format', FORMATS) ?? 'csv';
  const bom = query.flag('bom');
  if (bom && format !== 'csv') query.fault('bom', 'Only CSV may begin with a byte order mark.');
  const open = subject.read(query, format);
  query.check();
  return { format, head: (bom ? BOM : '') + (format === 'csv' ? subject.csvHeader : ''), open };
}

/** What was sent of an export. */
interface Sent {
  rows: number;
}

/** The text of an export: what it begins with comes with its first rows, so that a failure to read them is told. */
async function* pieces(parts: AsyncIterable<ExportPart>, head: string, sent: Sent): AsyncGenerator<string> {
  let before = head;
  for await (const { rows, texts } of parts) {
    sent.rows += rows;
    for (const text of texts) {
      yield before + text;
      before = '';
    }
  }
  if (before !== '') yield before;
}

async function answerExport({ front, cap, clock }: RestExportParts, subject: ExportSubject, call: RestCall) {
  const { ctx, req, res, url } = call;
  const { format, head, open } = askedFor(subject, url.searchParams);
  const parts = await open(ctx);
  const sent: Sent = { rows: 0 };
  const at = new Date(clock.now()).toISOString().replaceAll(/:|\.\d+/g, '');
  // HTTP/1.0 and answers without a body have no trailers.
  const trailed = req.httpVersion !== '1.0' && req.method === 'GET';
  return front.stream(call, {
    headers: {
      'content-type': TYPES[format],
      'content-disposition': `attachment; filename="${subject.name}-${at}.${format}"`,
      ...(trailed ? { trailer: 'Orrery-Export' } : {}),
    },
    // What waits is text: the rows behind it are forgotten at once.
    pieces: pieces(readAhead(parts), head, sent),
    cap,
    finish: () => {
      if (trailed) res.addTrailers({ 'Orrery-Export': `complete; rows=${sent.rows}` });
    },
  });
}

/** What an export costs of the rate limit, whatever its length. */
const COST = 5_000;

/** The route of the export of a subject. */
export function restExportRoute(parts: RestExportParts, subject: ExportSubject): Route {
  const kind: RestKind = { name: `${subject.name}_export`.replaceAll('-', '_'), right: subject.right, cost: COST };
  return (req, res, url) => parts.front.answer(kind, { req, res, url }, (call) => answerExport(parts, subject, call));
}
