import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { ExpectedError } from '../lib/errors.js';
import { SECOND } from '../lib/time.js';
import type { Database } from './database.js';
import { isDuplicate } from './failures.js';

const LEASE = 60 * SECOND;
const LOCK_TABLE =
  'CREATE TABLE IF NOT EXISTS migration_lock (id INT PRIMARY KEY, owner VARCHAR(64), lease_until BIGINT)';

/** Where a database stands against this program. */
export interface MigrationState {
  applied: string[];
  pending: string[];
  /** Applied by a newer program: this one must not touch the database. */
  unknown: string[];
}

async function appliedNames(source: DataSource): Promise<string[]> {
  const runner = source.createQueryRunner();
  try {
    if (!(await runner.hasTable('migrations'))) return [];
    const rows: { name: string }[] = await runner.query('SELECT name FROM migrations ORDER BY id');
    return rows.map((row) => row.name);
  } finally {
    await runner.release();
  }
}

/** Which migrations are applied, pending, or unknown to this program. */
export async function migrationState(db: Database): Promise<MigrationState> {
  const known = db.source.migrations.map((migration) => migration.name ?? migration.constructor.name);
  const applied = await appliedNames(db.source);
  return {
    applied,
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

/** Takes the lease row of the migrations, waiting for whoever holds it; GET_LOCK would be local to one Galera node. */
async function takeLock(db: Database, owner: string): Promise<void> {
  await db.source.query(LOCK_TABLE);
  await db.source.query('INSERT INTO migration_lock (id, owner, lease_until) VALUES (1, NULL, 0)').catch((error) => {
    if (!isDuplicate(error)) throw error;
  });
  for (;;) {
    const taken = await db.transaction((tx) =>
      tx.execute(
        `UPDATE migration_lock SET owner = ?, lease_until = ${db.nowSql()} + ${LEASE} WHERE id = 1 AND (owner IS NULL OR lease_until < ${db.nowSql()})`,
        [owner],
      ),
    );
    if (taken === 1) return;
    await wait(250);
  }
}

async function withLock(db: Database, work: () => Promise<void>): Promise<void> {
  if (db.dialect === 'sqlite') return work();
  const owner = randomUUID();
  await takeLock(db, owner);
  const renewal = setInterval(() => {
    const sql = `UPDATE migration_lock SET lease_until = ${db.nowSql()} + ${LEASE} WHERE id = 1 AND owner = ?`;
    db.source.query(sql, [owner]).catch(() => {});
  }, LEASE / 3);
  try {
    await work();
  } finally {
    clearInterval(renewal);
    await db.source.query('UPDATE migration_lock SET owner = NULL WHERE id = 1 AND owner = ?', [owner]);
  }
}

/** Names compare byte by byte everywhere; set before the first table is made, so that all tables have it. */
async function setCollation(db: Database): Promise<void> {
  if (db.dialect === 'mysql') await db.source.query('ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
}

/** Throws UNAVAILABLE when a newer program has changed the database. */
export function refuseNewer(state: MigrationState): void {
  if (state.unknown.length === 0) return;
  throw new ExpectedError(
    'UNAVAILABLE',
    `The database was made by a newer version of Orrery (it has ${state.unknown.join(', ')}). Run that version, or restore a backup from before its upgrade.`,
  );
}

/**
 * Brings the database up to this program's schema; safe when several processes start at once: one works, the others
 * wait and find nothing to do. Returns the names applied.
 */
export async function migrateUp(db: Database): Promise<string[]> {
  let done: string[] = [];
  await withLock(db, async () => {
    const state = await migrationState(db);
    refuseNewer(state);
    if (state.applied.length === 0) await setCollation(db);
    if (state.pending.length > 0) await db.source.runMigrations({ transaction: 'each' });
    done = state.pending;
  });
  return done;
}

/** Takes back the newest `steps` migrations, with their data. */
export async function migrateDown(db: Database, steps: number): Promise<void> {
  await withLock(db, async () => {
    for (let step = 0; step < steps; step += 1) await db.source.undoLastMigration({ transaction: 'each' });
  });
}
