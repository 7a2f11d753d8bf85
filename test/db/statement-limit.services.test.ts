import { afterAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.js';
import { describeWithStores, freshDatabase } from '../kit/stores.js';

describeWithStores('a statement without an end', ['mysql'], () => {
  let db: Database;
  let drop: () => Promise<void>;
  afterAll(async () => {
    await db.close();
    await drop();
  });

  it('is ended by the server, on every connection of the pool', async () => {
    const store = await freshDatabase('mysql');
    drop = () => store.drop();
    db = await openDatabase({ url: store.url, poolSize: 3, statementLimit: 100 });
    const endless = Array.from({ length: 3 }, () => db.reader.rows('SELECT SLEEP(3600)'));
    const ends = await Promise.allSettled(endless);
    expect(ends.map((end) => end.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await db.reader.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
