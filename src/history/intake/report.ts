import type { Tx } from '../../db/transaction.js';
import { ReportEntity, type TransactionRow } from '../../entities/ledger.js';
import { InvalidInputError } from '../../lib/errors.js';
import { isName, nameForm, storable } from '../../lib/names.js';
import { apply } from '../apply.js';
import type { LedgerReport, TaskReport } from '../report.js';
import type { IntakeDeps } from './deps.js';
import { type EventReport, type GivenEvent, readEvent } from './event-rules.js';
import { type DeploymentRef, findDeployment } from './find-deployment.js';
import type { GraphIndex } from './graph.js';
import type { Graphs } from './graphs.js';
import { isRefusal, type Refusal } from './refusal.js';
import type { Touch, Touches } from './touches.js';

/** Events of one deployment, told together. */
export interface DeploymentReport extends DeploymentRef {
  /** Made by the reporter: the same report once more is acknowledged and changes nothing. */
  readonly reportId: string;
  readonly events: readonly GivenEvent[];
  /** 0..100, and a line for people. */
  readonly progress?: number | null | undefined;
  readonly message?: string | null | undefined;
}

export interface TakenIn {
  readonly transaction: TransactionRow;
  readonly outcome: 'TAKEN_IN' | 'REPEATED';
  /** How many events were taken in, now or when the report came first. */
  readonly accepted: number;
  readonly refused: readonly Refusal[];
}

const MOST_EVENTS = 1_000;
const LONGEST_REPORT_ID = 191;

function check({ reportId, events, progress }: DeploymentReport): void {
  const issues = [];
  if (!isName(reportId, LONGEST_REPORT_ID)) {
    issues.push({ path: ['reportId'], message: `A report id has ${nameForm(LONGEST_REPORT_ID)}.` });
  }
  if (events.length > MOST_EVENTS) {
    issues.push({ path: ['events'], message: `A report has at most ${MOST_EVENTS} events, not ${events.length}.` });
  }
  if (progress != null && !(progress >= 0 && progress <= 100)) {
    issues.push({ path: ['progress'], message: 'Progress is 0 to 100.' });
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
}

const taskKey = ({ graphTaskId, nodeId }: EventReport): string => JSON.stringify([graphTaskId, nodeId]);

/** The newest attempt of each task of a deployment that has more than one. */
async function newestAttempts(tx: Tx, transactionId: string): Promise<Map<string, number>> {
  const rows = await tx.rows<{ task: string; node: string; attempt: number }>(
    `SELECT graph_task_id AS task, node_id AS node, MAX(attempt) AS attempt FROM tasks
     WHERE transaction_id = ? AND attempt > 1 GROUP BY graph_task_id, node_id`,
    [transactionId],
  );
  return new Map(rows.map(({ task, node, attempt }) => [JSON.stringify([task, node]), Number(attempt)]));
}

/** Gives each event its attempt: the one it names, else the newest. */
async function withAttempts(tx: Tx, row: TransactionRow, events: readonly EventReport[]): Promise<TaskReport[]> {
  const open = row.attempts > 1 && events.some(({ attempt }) => attempt === null);
  const newest = open ? await newestAttempts(tx, row.id) : null;
  return events.map((event) => ({ ...event, attempt: event.attempt ?? newest?.get(taskKey(event)) ?? 1 }));
}

/** When the events say that the deployment began, where that is news: its row is written for it, and only then. */
function beginning(row: TransactionRow, tasks: readonly TaskReport[], now: number): number | null {
  const begun = tasks.filter(({ status }) => status !== 'PENDING');
  if (begun.length === 0) return null;
  const earliest = Math.min(...begun.map(({ timeStart, reportedAt }) => timeStart ?? reportedAt ?? now));
  return row.status === 'PENDING' || earliest < (row.timeStart ?? now) ? earliest : null;
}

/**
 * What was refused of a report that had been taken in before: judged by the clock of then, because an event that was in
 * the future would be good by now and yet is nowhere.
 */
async function repeatedReport(
  tx: Tx,
  row: TransactionRow,
  report: DeploymentReport,
  graph: GraphIndex,
): Promise<TakenIn> {
  const of = { transactionId: row.id, reportId: report.reportId };
  const { receivedAt } = await tx.manager.getRepository(ReportEntity).findOneByOrFail(of);
  const refused = report.events.map((event, index) => readEvent(event, index, graph, receivedAt)).filter(isRefusal);
  return { transaction: row, outcome: 'REPEATED', accepted: report.events.length - refused.length, refused };
}

/** What a report says of the deployment itself, where that is news; null: nothing. `goesOn`: it tells of what is open. */
function touchOf(
  row: TransactionRow,
  report: DeploymentReport,
  tasks: readonly TaskReport[],
  now: number,
  goesOn: boolean,
): Touch | null {
  const { progress, message } = report;
  const startedAt = beginning(row, tasks, now);
  if (startedAt === null && progress == null) return null;
  return {
    // A late word of an attempt that a reset has left behind does not begin the next one.
    attempt: goesOn || tasks.length === 0 ? row.attempts : row.attempts - 1,
    ...(startedAt === null ? {} : { startedAt }),
    ...(progress == null
      ? {}
      : { progress: { percent: Math.round(progress), message: message == null ? null : storable(message) } }),
  };
}

/** What reports of deployments share within a process. */
export interface Intake {
  readonly graphs: Graphs;
  readonly touches: Touches;
}

/**
 * Takes in what a reporter tells of a deployment. Each event that is at fault is refused by its index, and the others are
 * kept. Throws InvalidInputError, NotFoundError, ConflictError, StateError NOT_A_DEPLOYMENT.
 */
export async function takeReport(deps: IntakeDeps, intake: Intake, report: DeploymentReport): Promise<TakenIn> {
  check(report);
  const found = await findDeployment(deps, report);
  const graph = await intake.graphs.of(found.id);
  const { touch, ...taken } = await deps.db.transaction(async (tx) => {
    const now = await tx.now();
    const read = report.events.map((event, index) => readEvent(event, index, graph, now));
    const events = read.filter((event): event is EventReport => !isRefusal(event));
    const tasks = await withAttempts(tx, found, events);
    const told: LedgerReport = { transactionId: found.id, reportId: report.reportId, tasks };
    const { repeated, transactions, goOn } = await apply(tx, deps, [told]);
    const transaction = transactions.get(found.id) ?? found;
    const goesOn = transaction.attempts === 1 || goOn.has(found.id);
    const touch = touchOf(transaction, report, tasks, now, goesOn);
    if (repeated > 0) return { touch, ...(await repeatedReport(tx, found, report, graph)) };
    const refused = read.filter(isRefusal);
    return { touch, transaction, outcome: 'TAKEN_IN' as const, accepted: events.length, refused };
  });
  return touch ? { ...taken, transaction: await intake.touches.write(found.id, touch) } : taken;
}
