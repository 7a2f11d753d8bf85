import { OrreryError } from './errors.js';
import type { ClientOptions } from './options.js';

/** The form of an export. */
interface ExportForm {
  /** CSV by RFC 4180 with a header, or one JSON object a line. Default: csv. */
  readonly format?: 'csv' | 'jsonl' | undefined;
  /** Whether CSV begins with the mark by which some spreadsheets know UTF-8. */
  readonly bom?: boolean | undefined;
}

type Names = readonly string[] | undefined;

/** Which tasks an export holds; what is left out does not narrow. Instants are ISO 8601 with an offset. */
export interface TasksExport extends ExportForm {
  /** Whether each line has its task's summary: jsonl alone. */
  readonly summaries?: boolean | undefined;
  /** Clusters' global or external ids. */
  readonly clusterId?: Names;
  readonly projects?: Names;
  /** Global ids or numbers. */
  readonly transactionIds?: Names;
  readonly nodeIds?: Names;
  readonly statuses?: Names;
  readonly taskNames?: Names;
  /** A part of the name or the node, in whatever case: with `transactionIds`. */
  readonly search?: string | undefined;
  readonly startedAfter?: string | undefined;
  readonly startedBefore?: string | undefined;
}

/** Which transactions an export holds; what is left out does not narrow. Instants are ISO 8601 with an offset. */
export interface TransactionsExport extends ExportForm {
  /** Clusters' global or external ids. */
  readonly clusterId?: Names;
  readonly projects?: Names;
  readonly kinds?: Names;
  readonly statuses?: Names;
  readonly names?: Names;
  readonly externalIds?: Names;
  readonly createdAfter?: string | undefined;
  readonly createdBefore?: string | undefined;
}

/** What there is to export: the last part of its path, and what may be asked of it. */
interface Exports {
  'tasks-history': TasksExport;
  transactions: TransactionsExport;
}

type Value = string | boolean | readonly string[] | undefined;

function parameterName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A value of a list, in quotes where it would be taken for several, or for another. */
function listed(value: string): string {
  return /[",]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function addressOf(endpoint: string, what: keyof Exports, asked: ExportForm): URL {
  const address = new URL(`api/export/${what}`, endpoint);
  for (const [key, value] of Object.entries<Value>({ ...asked })) {
    if (value === undefined || value === false) continue;
    const values = typeof value === 'object' ? value.map(listed) : [String(value)];
    for (const each of values) address.searchParams.append(parameterName(key), each);
  }
  return address;
}

/** The error that an answer tells. */
async function failureOf(response: Response): Promise<OrreryError> {
  const { status } = response;
  const told: unknown = await response.json().catch(() => null);
  const { message, code, request_id: requestId } = (told ?? {}) as Record<string, unknown>;
  if (typeof message !== 'string' || typeof code !== 'string') {
    const text = `${response.url} answered ${status}: is it an Orrery server?`;
    return new OrreryError(text, { code: 'NETWORK', status });
  }
  return new OrreryError(message, { code, status, requestId: typeof requestId === 'string' ? requestId : null });
}

/** The pieces of a body; a connection that is cut off in the middle is an error, never the end. */
async function* piecesOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new OrreryError('The server broke the export off before its end.', { code: 'NETWORK', cause });
  } finally {
    // Who stops reading in the middle lets the server stop too.
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * Exports a list, however long, as a stream: nothing of it is held. Throws OrreryError when it is refused, when no server
 * answers, and while the pieces are read when it breaks off.
 */
export async function exportList<What extends keyof Exports>(
  options: ClientOptions,
  what: What,
  asked: Exports[What],
  signal?: AbortSignal,
): Promise<AsyncGenerator<Uint8Array>> {
  const token = await options.token?.();
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  let response: Response;
  try {
    const init = signal ? { headers, signal } : { headers };
    response = await (options.fetch ?? fetch)(addressOf(options.url, what, asked), init);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new OrreryError(`No server answers at ${options.url}.`, { code: 'NETWORK', cause });
  }
  if (!response.ok || !response.body) throw await failureOf(response);
  return piecesOf(response.body, signal);
}
