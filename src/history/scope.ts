import type { TransactionRow } from '../entities/ledger.js';

/** What a transaction and its tasks belong to, as one key that lists are narrowed by. */
export function scopeOf({ clusterId, project }: Pick<TransactionRow, 'clusterId' | 'project'>): string {
  return clusterId ?? (project === null ? 'operator' : projectScope(project));
}

/** The key of what belongs to a project. (No cluster's id has a slash.) */
export const projectScope = (project: string): string => `project/${project}`;

/** Whether a scope is a project's. */
export const isProjectScope = (scope: string): boolean => scope.startsWith('project/');

/** The project in a scope; null for any other. */
export const projectIn = (scope: string): string | null =>
  isProjectScope(scope) ? scope.slice('project/'.length) : null;

/** The cluster in a scope; null for any other. */
export const clusterIn = (scope: string): string | null =>
  isProjectScope(scope) || scope === 'operator' ? null : scope;
