import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.js';
import { describeWithStores, type FreshStore, freshDatabase } from '../kit/stores.js';

describeWithStores('a pool of connections', ['mysql'], () => {
  let store: FreshStore;
  let db: Database;
  beforeAll(async () => {
    store = await freshDatabase('mysql');
    db = await openDatabase({ url: store.url, poolSize: 5 });
  });
  afterAll(async () => {
    await db.close();
    await store.drop();
  });

  it('has connections for reads however many transactions wait for theirs, which come in turn', async () => {
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const begun: number[] = [];
    const transactions = Array.from({ length: 20 }, (_, index) =>
      db.transaction(async (tx) => {
        await tx.rows('SELECT 1');
        begun.push(index);
        await held;
      }),
    );
    await expect.poll(() => begun.length).toBe(4);
    expect(await db.reader.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(begun.toSorted()).toEqual([0, 1, 2, 3]);
    letGo();
    await Promise.all(transactions);
    expect(begun.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it('gives the place of a transaction that fails to the next', async () => {
    const failures = Array.from({ length: 12 }, () =>
      db.transaction((tx) => tx.rows('SELECT nonsense')).catch(() => null),
    );
    await Promise.all(failures);
    expect(await db.transaction((tx) => tx.rows('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });
});
