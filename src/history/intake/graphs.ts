import type { Database } from '../../db/database.js';
import { TransactionInputEntity } from '../../entities/ledger.js';
import { isJsonObject, type JsonValue } from '../../lib/json.js';
import { type DeploymentGraph, GraphIndex, type GraphTask } from './graph.js';

/** So many graphs are kept ready: those that were reported of last. */
const MOST_KEPT = 64;

/** The graphs of deployments under way, ready to be looked up in. A graph never changes. */
export class Graphs {
  readonly #db: Database;
  readonly #kept = new Map<string, GraphIndex>();

  constructor(db: Database) {
    this.#db = db;
  }

  async of(transactionId: string): Promise<GraphIndex> {
    const index = this.#kept.get(transactionId) ?? (await this.#load(transactionId));
    this.#kept.delete(transactionId);
    this.#kept.set(transactionId, index);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(oldest);
    }
    return index;
  }

  async #load(transactionId: string): Promise<GraphIndex> {
    const row = await this.#db.manager.getRepository(TransactionInputEntity).findOneBy({ transactionId });
    return new GraphIndex(row?.graph ? graphIn(row.graph) : null);
  }
}

/** A graph as it was kept. */
function graphIn(kept: Record<string, unknown>): DeploymentGraph {
  const { tasks } = kept as { tasks?: JsonValue };
  if (!Array.isArray(tasks)) return { tasks: [] };
  return {
    tasks: tasks.filter(isJsonObject).map(({ id, name, nodes }): GraphTask => {
      const listed = Array.isArray(nodes) ? nodes.map(String) : [];
      return { id: typeof id === 'string' ? id : null, name: String(name), nodes: listed };
    }),
  };
}
