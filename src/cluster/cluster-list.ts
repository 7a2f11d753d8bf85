import type { Ctx } from '../auth/actor.js';
import { keysetPage, type Page, type PageRequest } from '../db/page.js';
import { RowQuery } from '../db/row-query.js';
import { addSearch } from '../db/text-search.js';
import type { Reader } from '../db/transaction.js';
import { whereIn } from '../db/where-in.js';
import { ClusterEntity, type ClusterRow } from '../entities/cluster.js';
import { seesClusters } from './visible.js';

type Maybe<T> = T | null | undefined;

/** What a list of clusters is narrowed to; what is left out or null does not narrow. */
export interface ClusterFilter {
  externalIds?: Maybe<readonly string[]>;
  releaseVersions?: Maybe<readonly string[]>;
  /** A part of the external id or the name. Read row by row: there are few clusters. */
  search?: Maybe<string>;
  /** Removed ones are left out unless this is true. */
  includeRemoved?: Maybe<boolean>;
}

export interface ClusterOrder {
  field: 'NAME' | 'CREATED_AT';
  direction: 'ASC' | 'DESC';
}

export const DEFAULT_CLUSTER_ORDER: ClusterOrder = { field: 'NAME', direction: 'ASC' };

const PROPERTIES = { NAME: 'name', CREATED_AT: 'createdAt' } as const;

/**
 * One page of the clusters; of none, for a caller of one project, since clusters belong to the operator. Throws
 * InvalidInputError for a wrong page or cursor, and for a list that is too long.
 */
export async function listClusters(
  reader: Reader,
  ctx: Ctx,
  filter: ClusterFilter,
  order: ClusterOrder,
  request: PageRequest,
): Promise<Page<ClusterRow>> {
  const query = new RowQuery(reader, ClusterEntity, 'cluster');
  query.andWhere(seesClusters(ctx) ? '1 = 1' : '1 = 0');
  if (filter.includeRemoved !== true) query.andWhere('cluster.removedAt IS NULL');
  whereIn(query, 'cluster.externalId', filter.externalIds, 'externalIds');
  whereIn(query, 'cluster.releaseVersion', filter.releaseVersions, 'releaseVersions');
  addSearch(query, ['externalId', 'name'], filter.search);
  const { field, direction } = order;
  const keys = [PROPERTIES[field], 'id'].map((property) => ({ property, direction }));
  return keysetPage(query, keys, request, `clusters:${field}:${direction}`);
}
