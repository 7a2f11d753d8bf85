import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.js';
import { describeWithStores, freshDatabase } from '../kit/stores.js';

describeWithStores('a session of MySQL', ['mysql'], () => {
  let db: Database;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const store = await freshDatabase('mysql');
    drop = () => store.drop();
    db = await openDatabase({ url: store.url, poolSize: 5, statementLimit: 100 });
    await db.source.query('CREATE TABLE notes (note VARCHAR(16) PRIMARY KEY)');
  });
  afterAll(async () => {
    await db.close();
    await drop();
  });

  it('ends a statement without an end, on every connection of the pool', async () => {
    const endless = Array.from({ length: 5 }, () => db.reader.rows('SELECT SLEEP(3600)'));
    const ends = await Promise.allSettled(endless);
    expect(ends.map((end) => end.status)).toEqual(Array.from({ length: 5 }, () => 'rejected'));
    expect(await db.reader.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is ended by MariaDB when it is idle in the middle of a transaction, on every connection of the pool', async () => {
    const [server] = await db.reader.rows<{ version: string }>('SELECT VERSION() AS version');
    if (!server?.version.includes('MariaDB')) return;
    const bound = 'SELECT @@SESSION.idle_transaction_timeout AS seconds, SLEEP(0.01) AS slept';
    const sessions = await Promise.all(Array.from({ length: 5 }, () => db.reader.rows<{ seconds: number }>(bound)));
    expect(sessions.map(([row]) => Number(row?.seconds))).toEqual([10, 10, 10, 10, 10]);
  });

  it('sees within a transaction what others commit meanwhile, on several connections', async () => {
    const COUNT = 3;
    let begun = 0;
    let allBegan = (): void => {};
    const waitForAll = new Promise<void>((resolve) => {
      allBegan = resolve;
    });
    let tell = (): void => {};
    const written = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const readers = Array.from({ length: COUNT }, () =>
      db.transaction(async (tx) => {
        const before = await tx.rows('SELECT note FROM notes');
        begun += 1;
        if (begun === COUNT) allBegan();
        await written;
        return [before.length, (await tx.rows('SELECT note FROM notes')).length];
      }),
    );
    await waitForAll;
    await db.transaction((tx) => tx.execute('INSERT INTO notes (note) VALUES (?)', ['later']));
    tell();
    expect(await Promise.all(readers)).toEqual(Array.from({ length: COUNT }, () => [0, 1]));
  });
});
