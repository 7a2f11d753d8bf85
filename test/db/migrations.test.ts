import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/all.js';
import { openDatabase } from '../../src/db/database.js';
import { migrateDown, migrateUp, migrationState } from '../../src/db/migrate.js';

const url = process.env.ORRERY_TEST_DATABASE_URL;
const dirs: string[] = [];
async function sqliteUrl(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'orrery-'));
  dirs.push(dir);
  return `sqlite:${join(dir, 'orrery.sqlite')}`;
}
afterAll(async () => {
  for (const dir of dirs) await rm(dir, { recursive: true, force: true });
});

describe('migrations', () => {
  it('make what the entities say, and go up, down and up again', async () => {
    const db = await openDatabase({ url: url ?? (await sqliteUrl()) }, MIGRATIONS);
    await migrateUp(db);
    const diff = await db.source.driver.createSchemaBuilder().log();
    expect(diff.upQueries.map((query) => query.query)).toEqual([]);
    await migrateDown(db, MIGRATIONS.length);
    expect((await migrationState(db)).pending).toHaveLength(MIGRATIONS.length);
    await migrateUp(db);
    expect((await migrationState(db)).pending).toEqual([]);
    await db.close();
  });
});
