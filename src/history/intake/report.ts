import type { Tx } from '../../db/transaction.js';
import { ReportEntity, type TransactionRow } from '../../entities/ledger.js';
import { clip } from '../../lib/clip.js';
import { InvalidInputError } from '../../lib/errors.js';
import { isName, nameForm, storable } from '../../lib/names.js';
import { apply } from '../apply.js';
import type { LedgerReport, TaskReport } from '../report.js';
import type { Word } from '../word.js';
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
  /** 0..100, and a line for people: of all reports the furthest progress counts, and the latest line. */
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
const LONGEST_MESSAGE = 255;

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

const taskKey = (task: string, node: string): string => JSON.stringify([task, node]);

/** An attempt that a reset has begun. */
interface LaterAttempt {
  readonly attempt: number;
  readonly createdAt: number;
}

/** The attempts of each task of a deployment but the first ones. */
async function laterAttempts(tx: Tx, transactionId: string): Promise<Map<string, LaterAttempt[]>> {
  const rows = await tx.rows<{ task: string; node: string; attempt: number; createdAt: number | string }>(
    `SELECT graph_task_id AS task, node_id AS node, attempt, created_at AS createdAt FROM tasks
     WHERE transaction_id = ? AND attempt > 1`,
    [transactionId],
  );
  const found = new Map<string, LaterAttempt[]>();
  for (const { task, node, attempt, createdAt } of rows) {
    const key = taskKey(task, node);
    const later = { attempt: Number(attempt), createdAt: Number(createdAt) };
    found.set(key, [...(found.get(key) ?? []), later]);
  }
  return found;
}

/** The attempt that an event means which names none: the newest, or the newest of its time. */
function meantAttempt(later: readonly LaterAttempt[], at: number | null): number {
  const begun = at === null ? later : later.filter(({ createdAt }) => createdAt <= at);
  return Math.max(1, ...begun.map(({ attempt }) => attempt));
}

/** Gives each event its attempt. */
async function withAttempts(tx: Tx, row: TransactionRow, events: readonly EventReport[]): Promise<TaskReport[]> {
  const open = row.attempts > 1 && events.some(({ attempt }) => attempt === null);
  const later = open ? await laterAttempts(tx, row.id) : null;
  return events.map((event) => {
    const { graphTaskId, nodeId, reportedAt = null } = event;
    const attempt = event.attempt ?? meantAttempt(later?.get(taskKey(graphTaskId, nodeId)) ?? [], reportedAt);
    return { ...event, attempt };
  });
}

/** When the events say that the deployment began, where that is news: its row is written for it, and only then. */
function beginning(row: TransactionRow, events: readonly EventReport[], receivedAt: number): number | null {
  const begun = events.filter(({ status }) => status !== 'PENDING');
  if (begun.length === 0) return null;
  const earliest = Math.min(...begun.map(({ timeStart, reportedAt }) => timeStart ?? reportedAt ?? receivedAt));
  return row.status === 'PENDING' || earliest < (row.timeStart ?? receivedAt) ? earliest : null;
}

/** What a report says of how far the deployment is: as late as the latest of its events, or as its arrival. */
function wordOf(report: DeploymentReport, events: readonly EventReport[], receivedAt: number): Word | null {
  const { progress, message, reportId } = report;
  if (progress == null && message == null) return null;
  const instants = events.map(({ reportedAt }) => reportedAt ?? receivedAt);
  return {
    percent: progress == null ? null : Math.round(progress),
    message: message == null ? null : clip(storable(message), LONGEST_MESSAGE),
    at: instants.length === 0 ? receivedAt : Math.max(...instants),
    by: reportId,
  };
}

/** What a report says of the deployment itself; null: nothing that is news. */
function touchOf(
  row: TransactionRow,
  attempt: number,
  report: DeploymentReport,
  events: readonly EventReport[],
  receivedAt: number,
): Touch | null {
  const startedAt = beginning(row, events, receivedAt);
  const word = wordOf(report, events, receivedAt);
  if (startedAt === null && word === null) return null;
  return { attempt, ...(startedAt === null ? {} : { startedAt }), ...(word === null ? {} : { word }) };
}

interface Read {
  readonly events: readonly EventReport[];
  readonly refused: readonly Refusal[];
}

function readEvents(report: DeploymentReport, graph: GraphIndex, receivedAt: number): Read {
  const read = report.events.map((event, index) => readEvent(event, index, graph, receivedAt));
  const events = read.filter((event): event is EventReport => !isRefusal(event));
  return { events, refused: read.filter(isRefusal) };
}

/** What came of a report, and what it says of the deployment itself, which is written afterwards. */
type Judged = TakenIn & { readonly touch: Touch | null };

/**
 * A report that had been taken in before, judged by the clock of then: an event that was in the future would be good by
 * now and yet is nowhere. What it says of the deployment is said again, and is no news unless whoever took it in died
 * before it was written.
 */
async function repeatedReport(
  tx: Tx,
  row: TransactionRow,
  report: DeploymentReport,
  graph: GraphIndex,
): Promise<Judged> {
  const of = { transactionId: row.id, reportId: report.reportId };
  const { receivedAt } = await tx.manager.getRepository(ReportEntity).findOneByOrFail(of);
  const { events, refused } = readEvents(report, graph, receivedAt);
  const isOfNow = row.attempts === 1 || (events.length === 0 && receivedAt >= (row.resetAt ?? receivedAt));
  const touch = touchOf(row, isOfNow ? row.attempts : row.attempts - 1, report, events, receivedAt);
  return { touch, transaction: row, outcome: 'REPEATED', accepted: events.length, refused };
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
  const { touch, ...taken } = await deps.db.transaction<Judged>(async (tx) => {
    const now = await tx.now();
    const { events, refused } = readEvents(report, graph, now);
    const tasks = await withAttempts(tx, found, events);
    const told: LedgerReport = { transactionId: found.id, reportId: report.reportId, tasks };
    const { repeated, transactions, goOn } = await apply(tx, deps, [told]);
    if (repeated > 0) return repeatedReport(tx, found, report, graph);
    const transaction = transactions.get(found.id) ?? found;
    // A late word of an attempt that a reset has left behind does not begin the next one.
    const isOfNow = transaction.attempts === 1 || tasks.length === 0 || goOn.has(found.id);
    const attempt = isOfNow ? transaction.attempts : transaction.attempts - 1;
    const touch = touchOf(transaction, attempt, report, events, now);
    return { touch, transaction, outcome: 'TAKEN_IN', accepted: events.length, refused };
  });
  return touch ? { ...taken, transaction: await intake.touches.write(found.id, touch) } : taken;
}
