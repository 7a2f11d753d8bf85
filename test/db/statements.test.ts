import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.js';
import { givenTable } from '../../src/db/given-table.js';
import { type FreshStore, freshDatabase, storeKinds } from '../kit/stores.js';

const HEAD = 'INSERT INTO words (id, word, size)';
/** What a statement's text must not take for a part of itself. */
const ODD = ["it's", 'a ? and a ?', 'back\\slash', 'two\nlines', '"quoted"', 'sub\u001a', "');--", 'ünïcödé 🚀', ''];

describe.each(storeKinds())('statements of a transaction on %s', (kind) => {
  let store: FreshStore;
  let db: Database;
  let sent: string[] = [];
  beforeAll(async () => {
    store = await freshDatabase(kind);
    db = await openDatabase({ url: store.url, onStatement: (sql) => sent.push(sql) });
    const columns = 'id INT NOT NULL PRIMARY KEY, word VARCHAR(64) NULL, size BIGINT NULL';
    await db.transaction((tx) => tx.execute(`CREATE TABLE words (${columns})`));
  });
  beforeEach(async () => {
    await db.transaction((tx) => tx.execute('DELETE FROM words'));
    sent = [];
  });
  afterAll(async () => {
    await db.close();
    await store.drop();
  });

  const rows = (): Promise<{ id: number; word: string | null; size: number | null }[]> =>
    db.reader.rows('SELECT id, word, size FROM words ORDER BY id');

  it.each([1, 400])('inserts %i times nine rows as they are', async (times) => {
    const given = Array.from({ length: times * ODD.length }, (_, id) => ({
      id,
      word: ODD[id % ODD.length] ?? '',
      size: id % 3 === 0 ? null : 1_700_000_000_000 + id,
    }));
    const values = given.map(({ id, word, size }) => [id, word, size]);
    await db.transaction((tx) => tx.insert(HEAD, values));
    expect((await rows()).map((row) => ({ ...row, size: row.size === null ? null : Number(row.size) }))).toEqual(given);
  });

  it('are sent in the order in which they were asked for', async () => {
    const found = await db.transaction(async (tx) => {
      const [, , seen] = await Promise.all([
        tx.insert(HEAD, [[1, 'a', null]]),
        tx.execute('UPDATE words SET size = 7 WHERE id = 1'),
        tx.rows<{ size: number | string }>('SELECT size FROM words'),
      ]);
      return seen.map(({ size }) => Number(size));
    });
    expect(found).toEqual([7]);
  });

  it('are not sent when one before them failed, and may be once that is known', async () => {
    const failing = db.transaction(async (tx) => {
      await tx.insert(HEAD, [[1, 'first', null]]);
      const twice = tx.insert(HEAD, [[1, 'twice', null]]);
      const after = tx.execute('UPDATE words SET size = 1');
      const ends = await Promise.allSettled([twice, after]);
      expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(await tx.rows('SELECT id FROM words')).toHaveLength(1);
      throw new Error('given up');
    });
    await expect(failing).rejects.toThrow('given up');
    expect(sent.filter((sql) => sql.startsWith('UPDATE'))).toEqual([]);
    expect(await rows()).toEqual([]);
  });

  it('read a list of lists as a table', async () => {
    const given = givenTable(kind === 'sqlite', { word: 'VARCHAR(64)', size: 'BIGINT' });
    const list = ODD.map((word, index) => [word, index === 0 ? null : index]);
    const found = await db.reader.prepared<{ word: string; size: number | null }>(
      `SELECT given.word AS word, given.size AS size FROM ${given}`,
      [JSON.stringify(list)],
    );
    expect(found.map(({ word, size }) => [word, size === null ? null : Number(size)])).toEqual(list);
  });
});
