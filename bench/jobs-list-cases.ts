import { DAY, HOUR } from '../src/lib/time.js';

/** Rows that a page of 50 reads: one more tells whether another page follows. */
export const PAGE = 50;
const READ = PAGE + 1;

/** What a list of jobs shows, beside the cursor of each row. */
const FIELDS = `id key project description clientKey status event result scheduleKind revision consecutiveFailures
  timeCreated timeStarted timeEnded nextRunAt lastSuccessAt`;

/** The same as columns. */
export const COLUMNS = `id, \`key\`, project, description, client_key, status, event, result, schedule_kind, revision,
  consecutive_failures, time_created, time_started, time_ended, next_run_at, last_success_at`;

export const QUERY = `query ($filter: JobFilter, $orderBy: JobOrder, $first: Int, $after: String) {
  jobs(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    edges { cursor node { ${FIELDS} } } pageInfo { hasNextPage endCursor } } }`;

type Value = string | number;

/** The position of a job in the list's order. */
export interface Mark {
  id: string;
  timeCreated: number;
  nextRunAt: number | null;
}

/** One list, as GraphQL variables and as SQL. */
export interface ListCase {
  readonly name: string;
  readonly variables: { filter?: Record<string, unknown>; orderBy?: { field: string; direction: 'ASC' | 'DESC' } };
  /** The conditions without the position, and their values. */
  readonly where: string;
  readonly values: readonly Value[];
  /** How many pages of 500 lie before the deep page. */
  readonly deep: number;
}

const BY_NEXT_RUN = { field: 'NEXT_RUN_AT', direction: 'ASC' } as const;

/** The lists that are measured; `now` is when the newest job was made. */
export function listCases(now: number): ListCase[] {
  const soon = now + 6 * HOUR;
  return [
    { name: 'newest first', variables: {}, where: "slot = ''", values: [], deep: 100 },
    {
      name: 'of one status, newest first',
      variables: { filter: { statuses: ['SCHEDULED'] } },
      where: 'status IN (?)',
      values: ['SCHEDULED'],
      deep: 80,
    },
    {
      name: 'of one client, newest first',
      variables: { filter: { clientIds: ['host-1200'] } },
      where: "slot = '' AND client_key IN (?)",
      values: ['host-1200'],
      deep: 0,
    },
    {
      name: 'of one kind of schedule, newest first',
      variables: { filter: { scheduleKinds: ['INTERVAL'] } },
      where: "slot = '' AND schedule_kind IN (?)",
      values: ['INTERVAL'],
      deep: 30,
    },
    {
      name: 'due within 6 hours, soonest first',
      variables: { filter: { nextRunBefore: new Date(soon).toISOString() }, orderBy: BY_NEXT_RUN },
      where: "slot = '' AND next_run_at < ?",
      values: [soon],
      deep: 30,
    },
    {
      name: 'with a backup, by next run, after now',
      variables: {
        filter: { actions: ['BACKUP'], nextRunAfter: new Date(now - DAY).toISOString() },
        orderBy: BY_NEXT_RUN,
      },
      where: `slot = '' AND EXISTS (SELECT 1 FROM job_action_kinds kind WHERE kind.job_id = jobs.id AND kind.action IN (?))
        AND next_run_at > ?`,
      values: ['backup', now - DAY],
      deep: 30,
    },
  ];
}

/**
 * The statement of a list's first page, or of the one after a mark, with its values. A page deep in the list finds the
 * ids first: without that MariaDB reads all that lies before it.
 */
export function statementOf(
  { where, values, variables }: ListCase,
  after: Mark | null,
): { sql: string; values: Value[] } {
  const byNextRun = variables.orderBy?.field === 'NEXT_RUN_AT';
  const [column, sign, direction] = byNextRun ? ['next_run_at', '>', 'ASC'] : ['time_created', '<', 'DESC'];
  const order = `ORDER BY ${column} ${direction}, id ${direction}`;
  if (!after) return { sql: `SELECT ${COLUMNS} FROM jobs WHERE ${where} ${order} LIMIT ${READ}`, values: [...values] };
  const at = byNextRun ? (after.nextRunAt ?? 0) : after.timeCreated;
  const further = `${column} ${sign}= ? AND (${column} ${sign} ? OR (${column} = ? AND id ${sign} ?))`;
  const ids = `SELECT id FROM jobs WHERE ${where} AND ${further} ${order} LIMIT ${READ}`;
  return {
    sql: `SELECT ${COLUMNS} FROM (${ids}) page JOIN jobs USING (id) ${order}`,
    values: [...values, at, at, at, after.id],
  };
}
