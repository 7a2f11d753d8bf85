import type { TransactionRow } from '../entities/ledger.js';

/** What a transaction and its tasks belong to, as one key that lists are narrowed by. */
export function scopeOf({ clusterId, project }: Pick<TransactionRow, 'clusterId' | 'project'>): string {
  return clusterId ?? (project === null ? 'operator' : projectScope(project));
}

/** The key of what belongs to a project. (No cluster's id has a slash.) */
export const projectScope = (project: string): string => `project/${project}`;
