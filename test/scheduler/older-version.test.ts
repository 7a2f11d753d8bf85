import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MIGRATIONS } from '../../migrations/all.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import type { SqlValue } from '../../src/db/sql-value.js';
import type { Topics } from '../../src/events/topics.js';
import type { OlderTopics } from '../chaos/older-topics.js';
import { clockAhead, runOrrery, ServerProcess } from '../kit/server-process.js';

// A server process that starts on what another one left.
vi.setConfig({ testTimeout: 120_000 });

/** What a killed server of the version before this one left: see test/chaos/record-older.ts. */
interface Recorded {
  readonly commit: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly schema: readonly string[];
  readonly tables: Readonly<Record<string, readonly Readonly<Record<string, SqlValue>>[]>>;
}

const FIXTURE = new URL('./fixtures/older-version.json', import.meta.url);
const SOON = { timeout: 60_000, interval: 50 };

/** Rows as far as this test looks at them. */
type Row = Readonly<Record<string, string | number | null>>;

/**
 * Both versions read each other's facts while servers of both run: what the older one wrote is one of ours, and what we
 * write has all that the older one reads. It is the compiler that tests this; the value is only there to be checked.
 */
type ReadBoth<T extends keyof OlderTopics> = OlderTopics[T] extends Topics[T]
  ? Topics[T] extends OlderTopics[T]
    ? true
    : 'the older version could not read our payload'
  : 'we could not read the payload of the older version';

const PAYLOADS: { readonly [T in keyof OlderTopics]: ReadBoth<T> } = {
  jobStatusChanged: true,
  runChanged: true,
  runAssigned: true,
  jobStale: true,
  clientChanged: true,
  transactionChanged: true,
  taskHistoryChanged: true,
  clusterChanged: true,
  activityRecorded: true,
};

describe('what a server of the older version left', () => {
  let directory: string;
  let older: Recorded;
  let url: string;
  let server: ServerProcess | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'orrery-older-'));
    older = JSON.parse(await readFile(FIXTURE, 'utf8'));
    url = `sqlite:${join(directory, 'orrery.sqlite')}`;
    const db = await openDatabase({ url }, MIGRATIONS);
    for (const statement of older.schema) await db.source.query(statement);
    for (const [table, rows] of Object.entries(older.tables)) for (const row of rows) await insert(db, table, row);
    await db.close();
  });
  afterEach(async () => {
    await server?.end('SIGKILL');
    server = undefined;
    await rm(directory, { recursive: true, force: true });
  });

  async function insert(db: Database, table: string, row: Readonly<Record<string, SqlValue>>): Promise<void> {
    const names = Object.keys(row);
    const columns = names.map((name) => `"${name}"`).join(', ');
    await db.source.query(`INSERT INTO "${table}" (${columns}) VALUES (${names.map(() => '?').join(', ')})`, [
      ...Object.values(row),
    ]);
  }

  /** Runs a statement past the server. */
  async function rows<T extends Row>(sql: string): Promise<T[]> {
    const db = await openDatabase({ url }, MIGRATIONS);
    try {
      return await db.reader.rows<T>(sql);
    } finally {
      await db.close();
    }
  }

  /** Our server, on a host whose clock goes on where the recording ended. */
  async function start(): Promise<ServerProcess> {
    const clock = clockAhead(older.at - Date.now());
    server = await ServerProcess.start(
      { databaseUrl: url, dataDir: join(directory, 'data'), localAgent: 'false' },
      clock,
    );
    return server;
  }

  const idOf = (key: string): unknown => older.tables.jobs?.find((row) => row.key === key)?.id;

  it('is migrated without the loss of a row, and by new columns that all have a value', async () => {
    const migrated = await runOrrery(['migrate'], { databaseUrl: url });
    expect(migrated).toMatchObject({ code: 0 });
    for (const [table, before] of Object.entries(older.tables)) {
      if (table === 'migrations') continue;
      const after = await rows(`SELECT * FROM "${table}"`);
      expect(after).toEqual(before.map((row) => expect.objectContaining(row)));
    }
  });

  it('is gone on with: each due instant once, the phases kept, fences only higher', async () => {
    const { services, shards = [], background_jobs: scheduled = [], occurrences = [] } = older.tables;
    expect(services).toHaveLength(1);
    const sdk = (await start()).sdk();
    const due = scheduled.find((row) => row.subject === idOf('interval'));
    const first = Number(due?.next_run_at);
    const fires = `SELECT scheduled_for AS at, fence FROM occurrences WHERE subject = '${idOf('interval')}' ORDER BY at`;
    const before = occurrences.filter((row) => row.subject === idOf('interval')).length;
    await expect.poll(async () => (await rows(fires)).length, SOON).toBeGreaterThan(before + 2);
    const instants = (await rows<{ at: number; fence: number }>(fires)).map(({ at }) => at);
    expect(instants).toContain(first);
    expect(new Set(instants).size).toBe(instants.length);
    expect(instants).toEqual(instants.map((_, index) => (instants[0] ?? 0) + 1_000 * index));
    const fences = new Map(shards.map((row) => [row.id, Number(row.fence)]));
    for (const row of await rows<{ id: string; fence: number }>('SELECT id, fence FROM shards')) {
      expect(row.fence).toBeGreaterThan(fences.get(row.id) ?? 0);
    }
    const { jobs } = await sdk.jobs({ first: 10 });
    expect(jobs.nodes.map(({ key }) => key).toSorted()).toEqual(['cron', 'date', 'interval', 'skips', 'stopped']);
    const { runs } = await sdk.runs({ first: 100 });
    const kept = new Set(runs.nodes.map(({ id }) => id));
    for (const run of older.tables.job_runs ?? []) expect(kept).toContain(run.id);
  });

  it('is taken over without a doubt: the dead owner’s locks, its service, its state of each background job', async () => {
    await start();
    const locked = "SELECT COUNT(*) AS found FROM agenda_jobs WHERE lock_service IS NOT NULL AND data LIKE '%shard%'";
    const all = older.tables.agenda_jobs?.length ?? 0;
    await expect.poll(async () => Number((await rows(locked))[0]?.found), SOON).toBe(all);
    const kept = await rows<{ kind: string; subject: string; job_state: string; tag: string }>(
      'SELECT kind, subject, job_state, tag FROM background_jobs',
    );
    const namesOf = (state: unknown): string[] => Object.keys(JSON.parse(String(state)));
    for (const before of older.tables.background_jobs ?? []) {
      const after = kept.find(({ kind, subject }) => kind === before.kind && subject === before.subject);
      expect(after).toMatchObject({ tag: before.tag });
      // What a kind keeps between its fires has moved on by now, and lost nothing that the older version looks for.
      expect(namesOf(after?.job_state)).toEqual(expect.arrayContaining(namesOf(before.job_state)));
    }
  });

  it('holds only facts that both versions can read', () => {
    const topics = new Set((older.tables.events ?? []).map((row) => String(row.topic)));
    expect(topics.size).toBeGreaterThan(2);
    expect(Object.keys(PAYLOADS)).toEqual(expect.arrayContaining([...topics]));
  });
});
