import type { Ctx } from '../auth/actor.js';
import type { Tx } from '../db/transaction.js';
import type { ClusterRow } from '../entities/cluster.js';
import {
  ConflictError,
  ForbiddenError,
  type InputIssue,
  InvalidInputError,
  NotFoundError,
  StateError,
} from '../lib/errors.js';
import { clusterFaults } from './cluster-rules.js';
import {
  type ClusterCommandDeps,
  type ClusterNames,
  changeCluster,
  clusterByName,
  insertCluster,
  lockClusterByName,
} from './cluster-store.js';
import { seesClusters } from './visible.js';

type Maybe<T> = T | null | undefined;

/** A cluster that is made. */
export interface ClusterCreation {
  readonly externalId: string;
  /** Left out: the external id. */
  readonly name?: Maybe<string>;
  readonly releaseVersion?: Maybe<string>;
}

export interface ClusterCreated {
  readonly cluster: ClusterRow;
  /** RESTORED: it had been removed, and is back with its history. */
  readonly outcome: 'CREATED' | 'RESTORED';
}

/** Which cluster a command is for. */
interface ClusterRef {
  /** The global or the external id. */
  readonly id: string;
  /** When the cluster has another revision, nothing is written. */
  readonly expectedRevision?: Maybe<number>;
}

/** What is to change; what is left out stays. */
export interface ClusterUpdate extends ClusterRef {
  readonly externalId?: Maybe<string>;
  readonly name?: Maybe<string>;
  /** Null: nobody says any more. */
  readonly releaseVersion?: Maybe<string>;
}

export interface ClusterUpdated {
  readonly cluster: ClusterRow;
  readonly outcome: 'UPDATED' | 'NOTHING_TO_DO';
}

export interface ClusterRemoved {
  readonly cluster: ClusterRow;
  readonly outcome: 'REMOVED' | 'ALREADY_REMOVED';
}

function throwIfAny(issues: readonly InputIssue[]): void {
  if (issues.length > 0) throw new InvalidInputError(issues);
}

function mustReach(ctx: Ctx): void {
  if (!seesClusters(ctx)) throw new ForbiddenError('Clusters belong to the operator, and this token to one project.');
}

const taken = (externalId: string): ConflictError =>
  new ConflictError(`There is a cluster "${externalId}" already.`, ['externalId']);

async function record(
  tx: Tx,
  deps: ClusterCommandDeps,
  ctx: Ctx,
  action: string,
  { id, externalId, revision }: ClusterRow,
) {
  const detail = { externalId, revision };
  await deps.activity(tx, ctx, { action, subject: id, project: null, outcome: 'OK', detail });
}

/**
 * Makes a cluster; one of this external id that was removed comes back, with the names given. Throws InvalidInputError,
 * ConflictError when the external id is taken, ForbiddenError.
 */
export async function createCluster(
  deps: ClusterCommandDeps,
  ctx: Ctx,
  input: ClusterCreation,
): Promise<ClusterCreated> {
  mustReach(ctx);
  const { externalId, name, releaseVersion = null } = input;
  const names = { externalId, name: name ?? externalId, releaseVersion };
  throwIfAny(clusterFaults(names));
  return deps.db.transaction(async (tx) => {
    const before = await lockClusterByName(tx, externalId);
    if (before?.removedAt === null) throw taken(externalId);
    const cluster = before
      ? await changeCluster(tx, deps, before, { ...names, removedAt: null })
      : await insertCluster(tx, deps, names);
    await record(tx, deps, ctx, 'clusterCreate', cluster);
    return { cluster, outcome: before ? 'RESTORED' : 'CREATED' };
  });
}

async function lockFor(tx: Tx, { id, expectedRevision }: ClusterRef): Promise<ClusterRow> {
  const cluster = await lockClusterByName(tx, id);
  if (!cluster) throw new NotFoundError('cluster', id);
  if (expectedRevision != null && cluster.revision !== expectedRevision) {
    const message = `The cluster has revision ${cluster.revision}, not ${expectedRevision}: read it again.`;
    throw new ConflictError(message, ['expectedRevision']);
  }
  return cluster;
}

/** The names that differ from the cluster's own. */
function changesOf(cluster: ClusterRow, { externalId, name, releaseVersion }: ClusterUpdate): Partial<ClusterNames> {
  return {
    ...(externalId != null && externalId !== cluster.externalId ? { externalId } : {}),
    ...(name != null && name !== cluster.name ? { name } : {}),
    ...(releaseVersion !== undefined && releaseVersion !== cluster.releaseVersion ? { releaseVersion } : {}),
  };
}

/**
 * Changes what a cluster is called. Throws NotFoundError, InvalidInputError, ConflictError (another revision, or the
 * external id is taken), StateError CLUSTER_REMOVED, ForbiddenError.
 */
export async function updateCluster(deps: ClusterCommandDeps, ctx: Ctx, input: ClusterUpdate): Promise<ClusterUpdated> {
  mustReach(ctx);
  return deps.db.transaction(async (tx) => {
    const before = await lockFor(tx, input);
    if (before.removedAt !== null) {
      const message = `The cluster "${before.externalId}" was removed: make it again first.`;
      throw new StateError('CLUSTER_REMOVED', message, ['id']);
    }
    const changes = changesOf(before, input);
    throwIfAny(clusterFaults(changes));
    if (Object.keys(changes).length === 0) return { cluster: before, outcome: 'NOTHING_TO_DO' };
    const { externalId } = changes;
    if (externalId !== undefined && (await clusterByName(tx, externalId))) throw taken(externalId);
    const cluster = await changeCluster(tx, deps, before, changes);
    await record(tx, deps, ctx, 'clusterUpdate', cluster);
    return { cluster, outcome: 'UPDATED' };
  });
}

/**
 * Removes a cluster from lists: its history stays, and it comes back with its next deployment or creation. Throws
 * NotFoundError, ConflictError (another revision), ForbiddenError.
 */
export async function removeCluster(deps: ClusterCommandDeps, ctx: Ctx, input: ClusterRef): Promise<ClusterRemoved> {
  mustReach(ctx);
  return deps.db.transaction(async (tx) => {
    const before = await lockFor(tx, input);
    if (before.removedAt !== null) return { cluster: before, outcome: 'ALREADY_REMOVED' };
    const cluster = await changeCluster(tx, deps, before, { removedAt: await tx.now() });
    await record(tx, deps, ctx, 'clusterRemove', cluster);
    return { cluster, outcome: 'REMOVED' };
  });
}
