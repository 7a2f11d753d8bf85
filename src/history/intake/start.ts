import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ctx } from '../../auth/actor.js';
import type { Tx } from '../../db/transaction.js';
import { insertRows } from '../../db/write.js';
import { ID_PREFIX } from '../../entities/ids.js';
import { TransactionEntity, TransactionInputEntity, type TransactionRow } from '../../entities/ledger.js';
import { type InputIssue, InvalidInputError } from '../../lib/errors.js';
import { DEEPEST_KEPT, holdsHalfPair, isDeeper, type JsonObject } from '../../lib/json.js';
import { isName, nameForm } from '../../lib/names.js';
import { apply } from '../apply.js';
import type { LedgerReport, TaskReport } from '../report.js';
import type { ClusterRef, IntakeDeps } from './deps.js';
import { announcedTasks, type DeploymentGraph } from './graph.js';
import { mustKeepHistory } from './release.js';

/** A deployment that is announced. */
export interface DeploymentStart extends ClusterRef {
  /** Unique in the cluster: the same once more changes nothing. */
  readonly externalId: string;
  /** Left out: the external id. */
  readonly name?: string | null | undefined;
  readonly graph?: DeploymentGraph | null | undefined;
  readonly settings?: JsonObject | null | undefined;
  readonly dryRun?: boolean | null | undefined;
}

export interface Started {
  readonly transaction: TransactionRow;
  readonly outcome: 'STARTED' | 'ALREADY_STARTED';
}

const LONGEST = 255;
const LONGEST_CLUSTER = 191;
/** Rows announced by one statement's worth of work, so that the process answers others in between. */
const CHUNK = 1_000;

/** Throws InvalidInputError: what is given has its fault found before anything is written. */
function check({ externalId, name, cluster, settings }: DeploymentStart): void {
  const issues: InputIssue[] = [];
  const mustBeName = (path: string, text: string | null | undefined, what: string, most = LONGEST): void => {
    if (text != null && !isName(text, most)) issues.push({ path: [path], message: `${what} has ${nameForm(most)}.` });
  };
  mustBeName('externalId', externalId, 'An external id');
  mustBeName('name', name, 'A name');
  mustBeName('cluster', cluster, 'A cluster', LONGEST_CLUSTER);
  if (settings != null) {
    const path = ['settings'];
    if (isDeeper(settings, DEEPEST_KEPT)) {
      issues.push({ path, message: `Settings are nested at most ${DEEPEST_KEPT} deep.` });
    } else if (holdsHalfPair(JSON.stringify(settings))) {
      issues.push({ path, message: 'Settings have half of a surrogate pair, which is no character.' });
    }
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
}

async function known(tx: Tx, clusterId: string, externalId: string): Promise<TransactionRow | null> {
  return tx.manager.getRepository(TransactionEntity).findOneBy({ clusterId, externalId });
}

async function announce(tx: Tx, deps: IntakeDeps, begin: LedgerReport, tasks: readonly TaskReport[]): Promise<void> {
  await apply(tx, deps, [{ ...begin, tasks: tasks.slice(0, CHUNK) }]);
  for (let from = CHUNK; from < tasks.length; from += CHUNK) {
    const { transactionId } = begin;
    // SQLite writes in this process: others have their turn.
    await nextTurn();
    await apply(tx, deps, [{ transactionId, reportId: null, tasks: tasks.slice(from, from + CHUNK) }]);
  }
}

async function make(tx: Tx, deps: IntakeDeps, ctx: Ctx, start: DeploymentStart, clusterId: string): Promise<void> {
  const { externalId, name, graph, settings, dryRun } = start;
  const transactionId = deps.ids.next(ID_PREFIX.deployment);
  const begin = {
    kind: 'DEPLOYMENT' as const,
    project: null,
    clusterId,
    subjectId: null,
    externalId,
    name: name ?? externalId,
    dryRun: dryRun ?? false,
  };
  await announce(tx, deps, { transactionId, reportId: null, begin }, graph ? announcedTasks(graph) : []);
  const input = { transactionId, graph: graph ? { tasks: graph.tasks } : null, settings: settings ?? null };
  await insertRows(tx, TransactionInputEntity, [input]);
  const detail = { externalId, tasks: graph?.tasks.length ?? 0 };
  await deps.activity(tx, ctx, {
    action: 'transactionStart',
    subject: transactionId,
    project: null,
    outcome: 'OK',
    detail,
  });
}

/**
 * Announces a deployment and its graph, whose tasks become PENDING rows. The same external id once more changes nothing.
 * Throws InvalidInputError, NotFoundError, StateError HISTORY_DISABLED for a cluster older than 9.0.
 */
export async function startDeployment(deps: IntakeDeps, ctx: Ctx, start: DeploymentStart): Promise<Started> {
  check(start);
  if (start.graph) announcedTasks(start.graph);
  return deps.db.transaction(async (tx) => {
    const cluster = await deps.clusters.forDeployment(tx, ctx, start);
    mustKeepHistory(cluster, 'cluster');
    const before = await known(tx, cluster.id, start.externalId);
    if (before) return { transaction: before, outcome: 'ALREADY_STARTED' };
    await make(tx, deps, ctx, start, cluster.id);
    const made = await known(tx, cluster.id, start.externalId);
    if (!made) throw new Error('A deployment was made and is not there.');
    return { transaction: made, outcome: 'STARTED' };
  });
}
