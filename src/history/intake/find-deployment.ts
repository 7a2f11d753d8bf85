import type { Reader } from '../../db/transaction.js';
import { TransactionEntity, type TransactionRow } from '../../entities/ledger.js';
import { ConflictError, InvalidInputError, NotFoundError, StateError } from '../../lib/errors.js';
import { isName } from '../../lib/names.js';
import { transactionByName } from '../read.js';
import type { IntakeDeps } from './deps.js';
import { mustKeepHistory } from './release.js';

/** How a report names its deployment. */
export interface DeploymentRef {
  /** The global id or the serial number. */
  readonly transactionId?: string | null | undefined;
  readonly externalId?: string | null | undefined;
  /** The cluster of the external id: its global or external id. */
  readonly cluster?: string | null | undefined;
}

/**
 * The deployment with this global id or serial number; `field` says where the input names it. Throws NotFoundError,
 * StateError NOT_A_DEPLOYMENT for a run or a plan, whose own reporters tell of it.
 */
export async function deploymentById(reader: Reader, name: string, field: string): Promise<TransactionRow> {
  const row = await transactionByName(reader, name);
  if (!row) throw new NotFoundError('deployment', name, [field]);
  if (row.kind === 'DEPLOYMENT') return row;
  const message = `${row.id} is no deployment: what executes it reports of it, nobody else.`;
  throw new StateError('NOT_A_DEPLOYMENT', message, [field]);
}

async function byExternalId(deps: IntakeDeps, externalId: string, cluster: string | null): Promise<TransactionRow> {
  // What has spaces at its end names nothing, and MariaDB would look past them.
  if (!isName(externalId, 255)) throw new NotFoundError('deployment', externalId, ['externalId']);
  const where = cluster === null ? null : await deps.clusters.find(cluster);
  if (cluster !== null && !where) throw new NotFoundError('cluster', cluster, ['cluster']);
  if (where) mustKeepHistory(where, 'cluster');
  const found = await deps.db.manager
    .getRepository(TransactionEntity)
    .find({ where: { externalId, ...(where ? { clusterId: where.id } : {}) }, take: 2 });
  const [row, another] = found;
  if (!row) throw new NotFoundError('deployment', externalId, ['externalId']);
  if (!another) return row;
  const message = `Several clusters have a deployment "${externalId}": name the cluster as well.`;
  throw new ConflictError(message, ['externalId']);
}

/** Throws StateError HISTORY_DISABLED for a deployment of a cluster older than 9.0, however it came to run that. */
async function mustBeKept(deps: IntakeDeps, { clusterId }: TransactionRow, field: string): Promise<void> {
  if (clusterId === null) return;
  const sql = 'SELECT name, release_version AS releaseVersion FROM clusters WHERE id = ?';
  const [cluster] = await deps.db.reader.prepared<{ name: string; releaseVersion: string | null }>(sql, [clusterId]);
  if (cluster) mustKeepHistory(cluster, field);
}

/**
 * The deployment that a report is about. Throws InvalidInputError when it names none, NotFoundError, ConflictError for an
 * external id of several clusters, StateError NOT_A_DEPLOYMENT for a run or a plan, whose own reporters tell of it, and
 * HISTORY_DISABLED for a cluster older than 9.0.
 */
export async function findDeployment(deps: IntakeDeps, ref: DeploymentRef): Promise<TransactionRow> {
  const { transactionId, externalId, cluster = null } = ref;
  if ((transactionId == null) === (externalId == null)) {
    const message = 'Name the deployment by "transactionId" or by "externalId", not both.';
    throw new InvalidInputError([{ path: [transactionId == null ? 'externalId' : 'transactionId'], message }]);
  }
  const field = externalId == null ? 'transactionId' : 'externalId';
  const found =
    externalId == null
      ? await deploymentById(deps.db.reader, transactionId ?? '', field)
      : await byExternalId(deps, externalId, cluster);
  // Where the cluster is named, its release has been looked at.
  if (externalId == null || cluster === null) await mustBeKept(deps, found, field);
  return found;
}
