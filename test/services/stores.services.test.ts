import { existsSync } from 'node:fs';
import { MongoClient } from 'mongodb';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { describe, expect, it } from 'vitest';
import { describeWithStores, freshDatabase, freshMongo, freshRedis, storeKinds } from '../kit/stores.js';

describe('a fresh SQLite database', () => {
  it('has a directory of its own that goes with it', async () => {
    const [one, other] = await Promise.all([freshDatabase('sqlite'), freshDatabase('sqlite')]);
    expect(one.url).toMatch(/^sqlite:\/.+\/orrery\.sqlite$/);
    expect(one.url).not.toBe(other.url);
    const directory = one.url.slice('sqlite:'.length, -'/orrery.sqlite'.length);
    expect(existsSync(directory)).toBe(true);
    await Promise.all([one.drop(), other.drop()]);
    expect(existsSync(directory)).toBe(false);
  });
});

describeWithStores('a fresh MySQL database', ['mysql'], () => {
  it('is empty, can be written, and is gone when dropped', async () => {
    const alone = process.env.ORRERY_TEST_STORES === 'servers';
    expect(storeKinds()).toEqual(alone ? ['mysql'] : ['sqlite', 'mysql']);
    const store = await freshDatabase('mysql');
    const connection = await createConnection(store.url);
    expect((await connection.query<RowDataPacket[]>('SHOW TABLES'))[0]).toEqual([]);
    await connection.query('CREATE TABLE seen (id INT PRIMARY KEY)');
    await connection.end();
    await store.drop();
    await expect(createConnection(store.url)).rejects.toMatchObject({ code: 'ER_BAD_DB_ERROR' });
  });
});

describeWithStores('a fresh MongoDB database', ['mongodb'], () => {
  it('is empty, can be written, and is empty again when dropped', async () => {
    const store = await freshMongo();
    const client = new MongoClient(store.url);
    const things = client.db().collection('things');
    expect(await client.db().listCollections().toArray()).toEqual([]);
    await things.insertOne({ seen: true });
    await store.drop();
    expect(await things.countDocuments()).toBe(0);
    await client.close();
  });
});

describeWithStores('Redis', ['redis'], () => {
  it('gives each file a prefix of its own', () => {
    expect(freshRedis().prefix).not.toBe(freshRedis().prefix);
  });
});
