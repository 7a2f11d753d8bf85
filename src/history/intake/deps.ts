import type { ActivityEntry } from '../../auth/activity.js';
import type { Ctx } from '../../auth/actor.js';
import type { Database } from '../../db/database.js';
import type { Tx } from '../../db/transaction.js';
import type { ClusterRow } from '../../entities/cluster.js';
import type { LedgerDeps } from '../apply.js';

/** How a deployment names its cluster. */
export interface ClusterRef {
  /** The global id or the external id; an external id that nobody has makes a cluster. */
  readonly cluster: string;
  /** For a cluster that is made. */
  readonly clusterName?: string | null | undefined;
  readonly releaseVersion?: string | null | undefined;
}

/** What reports ask of the clusters. */
interface ClusterDirectory {
  /** The cluster that a deployment names, made when it is not there. Throws NotFoundError, InvalidInputError. */
  forDeployment(tx: Tx, ctx: Ctx, ref: ClusterRef): Promise<ClusterRow>;
  /** The cluster with this global or external id; null when there is none. */
  find(name: string): Promise<ClusterRow | null>;
}

/** What reports from outside stand on. */
export interface IntakeDeps extends LedgerDeps {
  readonly db: Database;
  readonly clusters: ClusterDirectory;
  readonly activity: (tx: Tx, ctx: Ctx, entry: ActivityEntry) => Promise<unknown>;
}
