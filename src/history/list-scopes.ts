import type { Ctx } from '../auth/actor.js';
import { visibleProject } from '../auth/scope.js';
import type { Reader } from '../db/transaction.js';
import { checkListLength } from '../db/where-in.js';
import { ID_PREFIX } from '../entities/ids.js';
import { projectScope } from './scope.js';

/** Where a list looks; what is left out or null does not narrow. Of both, a row fits one. */
export interface PlaceFilter {
  /** Global or external ids. */
  clusterIds?: readonly string[] | null | undefined;
  projects?: readonly string[] | null | undefined;
}

const GLOBAL = `${ID_PREFIX.cluster}_`;

/** The scopes of clusters, by their global or external ids: a global id is its scope, and no external id looks like one. */
async function clusterScopes(reader: Reader, names: readonly string[]): Promise<string[]> {
  const scopes = names.filter((name) => name.startsWith(GLOBAL));
  const external = names.filter((name) => !name.startsWith(GLOBAL));
  if (external.length === 0) return scopes;
  const marks = external.map(() => '?').join(', ');
  const rows = await reader.rows<{ id: string }>(`SELECT id FROM clusters WHERE external_id IN (${marks})`, external);
  return [...new Set([...scopes, ...rows.map(({ id }) => id)])];
}

/**
 * The scopes that a list is narrowed to by what the caller may see and the filter names; null: it is not narrowed.
 * Throws InvalidInputError for a list that is too long.
 */
export async function listScopes(reader: Reader, ctx: Ctx, filter: PlaceFilter): Promise<string[] | null> {
  const { clusterIds, projects } = filter;
  checkListLength(clusterIds, ['filter', 'clusterIds']);
  checkListLength(projects, ['filter', 'projects']);
  const own = visibleProject(ctx);
  if (own !== null) {
    const named = projects?.includes(own) ?? clusterIds == null;
    return named ? [projectScope(own)] : [];
  }
  if (clusterIds == null && projects == null) return null;
  const clusters = await clusterScopes(reader, [...new Set(clusterIds)]);
  return [...clusters, ...[...new Set(projects)].map(projectScope)];
}

/** Every scope that has transactions: two rows of an index are read for each. */
export async function allScopes(reader: Reader): Promise<string[]> {
  const rows = await reader.rows<{ scope: string }>('SELECT DISTINCT scope FROM transactions');
  return rows.map(({ scope }) => scope);
}
