import { afterEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/all.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import { migrateDown, migrateUp, migrationState } from '../../src/db/migrate.js';
import { freshDatabase, storeKinds } from '../kit/stores.js';

describe.each(storeKinds())('migrations on %s', (kind) => {
  const opened: Database[] = [];
  let drop: () => Promise<void>;
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.close();
    await drop();
  });

  it('make what the entities say, and go up, down and up again', async () => {
    const store = await freshDatabase(kind);
    drop = () => store.drop();
    const db = await openDatabase({ url: store.url }, MIGRATIONS);
    opened.push(db);
    await migrateUp(db);
    const diff = await db.source.driver.createSchemaBuilder().log();
    expect(diff.upQueries.map((query) => query.query)).toEqual([]);
    await migrateDown(db, MIGRATIONS.length);
    expect((await migrationState(db)).pending).toHaveLength(MIGRATIONS.length);
    await migrateUp(db);
    expect((await migrationState(db)).pending).toEqual([]);
  });

  it('of two processes that start at once are applied once', async () => {
    const store = await freshDatabase(kind);
    drop = () => store.drop();
    const processes = kind === 'sqlite' ? 1 : 2;
    for (let count = 0; count < processes; count += 1) opened.push(await openDatabase({ url: store.url }, MIGRATIONS));
    const applied = await Promise.all(opened.map((db) => migrateUp(db)));
    expect(applied.flat()).toHaveLength(MIGRATIONS.length);
  });
});
