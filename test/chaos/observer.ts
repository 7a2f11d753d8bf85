import { setTimeout as sleep } from 'node:timers/promises';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';

const LOOK_EVERY = 100;
/** A job that should have been fired so long ago is overdue: somebody is needed who fires it. */
const OVERDUE = 2_000;
const NOW = 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)';

/** Which start of which service holds a shard. */
export interface Holding {
  readonly shard: string;
  readonly owner: string;
  readonly incarnation: number;
}

/** Looks at the database past servers and proxies. */
export class Observer {
  readonly sql: Pool;

  constructor(url: string) {
    this.sql = createPool({ uri: url, connectionLimit: 4, connectTimeout: 2_000, enableKeepAlive: true });
  }

  async rows<T extends object>(statement: string, values: readonly (string | number)[] = []): Promise<T[]> {
    const [rows] = await this.sql.query<(T & RowDataPacket)[]>(statement, [...values]);
    return rows;
  }

  /** What a service of this name holds at present. */
  holdings(name: string): Promise<Holding[]> {
    return this.rows<Holding>(
      `SELECT shards.id AS shard, owner_id AS owner, owner_incarnation AS incarnation
        FROM shards JOIN services ON services.id = shards.owner_id WHERE services.name = ?`,
      [name],
    );
  }

  /** How many shards there are, and how many have an owner whose lease lives. */
  async shards(): Promise<{ all: number; held: number }> {
    const [row] = await this.rows<{ all: number; held: number | null }>(
      `SELECT COUNT(*) AS \`all\`, SUM(owner_id IS NOT NULL AND lease_until > ${NOW}) AS held FROM shards`,
    );
    return { all: Number(row?.all), held: Number(row?.held ?? 0) };
  }

  /** How many shards each service holds whose lease on them lives. */
  #held(): Promise<{ name: string; held: number }[]> {
    return this.rows(
      `SELECT name, (SELECT COUNT(*) FROM shards WHERE owner_id = services.id AND lease_until > ${NOW}) AS held
        FROM services ORDER BY name`,
    );
  }

  /** How many shards each service holds, in words. */
  async spread(): Promise<string> {
    return (await this.#held()).map(({ name, held }) => `${name} ${held}`).join(', ');
  }

  /** Whether services of these names hold all shards, none of them more than one more than another. */
  async areShared(names: readonly string[]): Promise<boolean> {
    const { all } = await this.shards();
    const held = (await this.#held()).filter(({ name }) => names.includes(name)).map((row) => Number(row.held));
    const sum = held.reduce((total, one) => total + one, 0);
    return held.length === names.length && sum === all && Math.max(...held) - Math.min(...held) <= 1;
  }

  /** Whether none of these shards is held as it was, and each has an owner again. */
  async areTaken(before: readonly Holding[]): Promise<boolean> {
    if (before.length === 0) return true;
    const rows = await this.rows<Holding>(
      'SELECT id AS shard, owner_id AS owner, owner_incarnation AS incarnation FROM shards',
    );
    const now = new Map(rows.map((row) => [row.shard, row]));
    return before.every(({ shard, owner, incarnation }) => {
      const holder = now.get(shard);
      return holder?.owner != null && (holder.owner !== owner || holder.incarnation !== incarnation);
    });
  }

  /** Whether every job that was due two seconds ago has been fired. */
  async isCurrent(): Promise<boolean> {
    // By shard, as the index is: a look ten times a second must not cost what it measures.
    const statement = `SELECT 1 AS overdue FROM background_jobs WHERE shard_id IN (SELECT id FROM shards)
      AND wake_at <= ${NOW} - ${OVERDUE} AND kind = 'job-run' LIMIT 1`;
    return (await this.rows<{ overdue: number }>(statement)).length === 0;
  }

  async stateOf(name: string): Promise<string | undefined> {
    const [row] = await this.rows<{ state: string }>('SELECT state FROM services WHERE name = ?', [name]);
    return row?.state;
  }

  /**
   * Asks again and again, `every` so many milliseconds; how many passed until the answer was yes, or null when it was
   * not within `limit`.
   */
  async until(question: () => Promise<boolean>, limit: number, every = LOOK_EVERY): Promise<number | null> {
    const begun = performance.now();
    for (;;) {
      // A database that is away says no.
      const yes = await question().catch(() => false);
      const passed = Math.round(performance.now() - begun);
      if (yes) return passed;
      if (passed > limit) return null;
      await sleep(every);
    }
  }

  async close(): Promise<void> {
    await this.sql.end().catch(() => {});
  }
}
