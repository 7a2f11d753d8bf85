import type { Reader } from '../db/transaction.js';
import type { LoggedEvent, Topic } from './topics.js';

/** Which facts of the log are read. */
export interface LogQuery {
  /** Only positions above this one ... */
  after: number;
  /** ... and up to this one. */
  upTo: number;
  /** Every topic when left out. */
  topics?: readonly Topic[];
  /** Only facts of these projects (null: the operator's); all when left out. */
  projects?: readonly (string | null)[];
  /** The most facts returned. */
  limit: number;
}

/** Facts in the order of the log, and the position up to which the log was searched: `after` of the next page. */
export interface LogPage {
  events: LoggedEvent[];
  reached: number;
}

/** Where the log stands. */
export interface LogBounds {
  /** Which log it is: made with the database. */
  epoch: string;
  /** The last position given. */
  last: number;
  /** The oldest position kept; last + 1 when nothing is kept. */
  oldest: number;
}

interface StoredEvent {
  id: string;
  seq: number | string;
  topic: Topic;
  project: string | null;
  subject: string;
  payload: LoggedEvent['payload'] | string;
  at: number | string;
}

/** A filter that fits few facts must not search the whole log in one statement: so many positions at a time. */
const SPAN = 5_000;

function toEvent(row: StoredEvent): LoggedEvent {
  const payload: LoggedEvent['payload'] = typeof row.payload === 'string' ? JSON.parse(row.payload) : row.payload;
  return { ...row, payload, seq: Number(row.seq), at: Number(row.at) };
}

const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

function projectCondition(projects: readonly (string | null)[]): { sql: string; values: string[] } {
  const named = projects.filter((project) => project !== null);
  const parts = named.length > 0 ? [`project IN (${marks(named)})`] : [];
  if (named.length < projects.length) parts.push('project IS NULL');
  return { sql: parts.length > 0 ? `(${parts.join(' OR ')})` : '1 = 0', values: named };
}

/** One page of the log. A page may be empty before `upTo` is reached: go on from `reached`. */
export async function readLog(reader: Reader, query: LogQuery): Promise<LogPage> {
  const end = Math.min(query.upTo, query.after + SPAN);
  const conditions = ['seq > ?', 'seq <= ?'];
  const values: (string | number)[] = [query.after, end];
  if (query.topics) {
    conditions.push(query.topics.length > 0 ? `topic IN (${marks(query.topics)})` : '1 = 0');
    values.push(...query.topics);
  }
  if (query.projects) {
    const { sql, values: projects } = projectCondition(query.projects);
    conditions.push(sql);
    values.push(...projects);
  }
  const rows = await reader.rows<StoredEvent>(
    `SELECT id, seq, topic, project, subject, payload, at FROM events WHERE ${conditions.join(' AND ')} ORDER BY seq LIMIT ${query.limit}`,
    values,
  );
  const events = rows.map(toEvent);
  const full = events.length === query.limit;
  return { events, reached: full ? (events.at(-1)?.seq ?? end) : Math.max(end, query.after) };
}

/** Where the log stands now. */
export async function logBounds(reader: Reader): Promise<LogBounds> {
  const [row] = await reader.rows<{ epoch: string; last: number | string; oldest: number | string | null }>(
    "SELECT epoch, last_seq AS last, (SELECT MIN(seq) FROM events) AS oldest FROM stream_heads WHERE name = 'events'",
  );
  const last = Number(row?.last ?? 0);
  return { epoch: row?.epoch ?? '', last, oldest: row?.oldest == null ? last + 1 : Number(row.oldest) };
}
