import { expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.js';
import { freshDatabase } from '../kit/stores.js';

/** What is committed: the reader has a connection of its own. */
async function committed(db: Database): Promise<number> {
  const [row] = await db.reader.rows<{ count: number }>('SELECT COUNT(*) AS count FROM things');
  return Number(row?.count);
}

it('a transaction that the disk has no room for is undone whole, and the next ones are committed', async () => {
  const store = await freshDatabase('sqlite');
  const db = await openDatabase({ url: store.url });
  await db.source.query('CREATE TABLE things (text TEXT)');
  const insert = (length: number) =>
    db.transaction((tx) => tx.execute('INSERT INTO things (text) VALUES (?)', ['x'.repeat(length)]));
  // SQLite refuses to grow beyond this many pages as it does where the disk is full.
  await db.source.query('PRAGMA max_page_count = 10');
  for (let time = 0; time < 3; time += 1) {
    await expect(insert(1_000_000)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('The disk of the database is full, and nothing was written'),
    });
  }
  expect(await committed(db)).toBe(0);
  await insert(10);
  expect(await committed(db)).toBe(1);
  await db.source.query('PRAGMA max_page_count = 1000');
  await insert(1_000_000);
  expect(await committed(db)).toBe(2);
  await db.close();
  await store.drop();
});
