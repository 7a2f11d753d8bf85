import type { ClusterRow } from '../entities/cluster.js';
import type { InputIssue } from '../lib/errors.js';
import { isName, nameForm } from '../lib/names.js';

type Named = Pick<ClusterRow, 'externalId' | 'name' | 'releaseVersion'>;

const MOST: Readonly<Record<keyof Named, number>> = { externalId: 191, name: 255, releaseVersion: 64 };

/**
 * What is wrong with what a cluster is called; none: nothing. `fields` says what the input calls them, where that differs.
 */
export function clusterFaults(given: Partial<Named>, fields: Partial<Record<keyof Named, string>> = {}): InputIssue[] {
  const issues: InputIssue[] = [];
  for (const key of ['externalId', 'name', 'releaseVersion'] as const) {
    const value = given[key];
    if (value === undefined || value === null) continue;
    if (isName(value, MOST[key])) continue;
    const path = [fields[key] ?? key];
    const count = value.length > MOST[key] ? `, not ${value.length}` : '';
    issues.push({ path, message: `This has ${nameForm(MOST[key])}${count}.` });
  }
  if (given.externalId?.startsWith('cluster_')) {
    const message = 'An external id does not begin with "cluster_": that is how our own ids begin.';
    issues.push({ path: [fields.externalId ?? 'externalId'], message });
  }
  return issues;
}
