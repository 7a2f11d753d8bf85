import type { Reader } from '../../db/transaction.js';
import { clusterIn } from '../scope.js';

/** So many are kept: an installation has fewer, as a rule. */
const MOST_KEPT = 5_000;

/** The external ids of clusters, looked up a page at a time. */
export class ClusterNames {
  readonly #reader: Reader;
  #kept = new Map<string, string>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Of the clusters that some rows are of, by their scopes. */
  async of(rows: readonly { readonly scope: string }[]): Promise<ReadonlyMap<string, string>> {
    if (this.#kept.size > MOST_KEPT) this.#kept = new Map();
    const kept = this.#kept;
    const missing = new Set<string>();
    for (const { scope } of rows) if (!kept.has(scope) && clusterIn(scope) !== null) missing.add(scope);
    if (missing.size === 0) return kept;
    const ids = [...missing];
    const found = await this.#reader.rows<{ id: string; externalId: string }>(
      `SELECT id, external_id AS externalId FROM clusters WHERE id IN (${ids.map(() => '?').join(', ')})`,
      ids,
    );
    for (const { id, externalId } of found) kept.set(id, externalId);
    return kept;
  }
}
