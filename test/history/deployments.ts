import type { World } from '../kit/world.js';

/** What the mutations of reports answer, as the tests read it. */
export interface Reported {
  __typename: string;
  outcome?: string;
  accepted?: number;
  refused?: { index: number; code: string; field: string | null; message: string }[];
  transaction?: { id: string; number: number; status: string; reason: string | null; timeStart: string | null };
  code?: string;
  message?: string;
  path?: string[];
}

const SHOWN = '... on UserError { code message path }';
const TRANSACTION = 'outcome transaction { id number status reason timeStart timeEnd }';

const MUTATIONS = {
  start: `mutation ($input: TransactionStartInput!) { made: transactionStart(input: $input) { __typename ${SHOWN}
    ... on TransactionStartPayload { ${TRANSACTION} } } }`,
  report: `mutation ($input: TransactionReportInput!) { made: transactionReport(input: $input) { __typename ${SHOWN}
    ... on TransactionReportPayload { ${TRANSACTION} accepted refused { index code field message } } } }`,
  end: `mutation ($input: TransactionEndInput!) { made: transactionEnd(input: $input) { __typename ${SHOWN}
    ... on TransactionEndPayload { ${TRANSACTION} } } }`,
};

let made = 0;

/** A name that no other test of this process uses. */
export function unique(prefix: string): string {
  made += 1;
  return `${prefix}-${process.pid}-${made}`;
}

/** A reporter of deployments, by the API. */
export class Reporter {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async tell(what: keyof typeof MUTATIONS, input: Record<string, unknown>): Promise<Reported> {
    const { made: answer } = await this.#world.gql<{ made: Reported }>(MUTATIONS[what], { input });
    return answer;
  }

  /** A deployment that was announced: its global id. */
  async started(input: Record<string, unknown> = {}): Promise<string> {
    const { transaction } = await this.tell('start', { cluster: 'lab', externalId: unique('d'), ...input });
    if (!transaction) throw new Error('The deployment was not made.');
    return transaction.id;
  }

  report(transactionId: string, events: readonly object[], reportId = unique('r')): Promise<Reported> {
    return this.tell('report', { transactionId, reportId, events });
  }
}

/** A row of the ledger as tests compare it: without what each run makes anew. */
export interface ComparedRow {
  task: string;
  name: string;
  node: string;
  attempt: number;
  status: string;
  announced: boolean;
  timeStart: number | null;
  timeEnd: number | null;
  reason: string | null;
  exitCode: number | null;
  custom: unknown;
  summary: unknown;
}

/** The rows of a deployment, in an order of their own. */
export async function rowsOf(world: Pick<World, 'db'>, transactionId: string): Promise<ComparedRow[]> {
  const rows = await world.db.reader.rows<{ summary: string | object | null } & Record<string, unknown>>(
    `SELECT t.graph_task_id AS task, t.task_name AS name, t.node_id AS node, t.attempt, t.status, t.announced,
       t.time_start AS timeStart, t.time_end AS timeEnd, t.reason, t.exit_code, t.custom,
       s.summary
     FROM tasks t LEFT JOIN task_summaries s ON s.task_id = t.id WHERE t.transaction_id = ?
     ORDER BY t.graph_task_id, t.node_id, t.attempt`,
    [transactionId],
  );
  return rows.map(({ task, name, node, attempt, status, announced, timeStart, timeEnd, reason, ...row }) => ({
    task: String(task),
    name: String(name),
    node: String(node),
    attempt: Number(attempt),
    status: String(status),
    announced: Boolean(announced),
    timeStart: timeStart === null ? null : Number(timeStart),
    timeEnd: timeEnd === null ? null : Number(timeEnd),
    reason: reason === null ? null : String(reason),
    exitCode: row.exit_code === null ? null : Number(row.exit_code),
    custom: typeof row.custom === 'string' ? JSON.parse(row.custom) : row.custom,
    summary: typeof row.summary === 'string' ? JSON.parse(row.summary) : row.summary,
  }));
}
