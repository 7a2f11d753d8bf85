import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/database.js';
import { describeWithStores } from '../kit/stores.js';
import { TcpProxy } from '../kit/tcp-proxy.js';
import { Collector } from './collector.js';
import { commit, fact, freshLogStore, type LogStore, startProcess } from './log-kit.js';

describeWithStores('the event log while the database is away', ['mysql'], () => {
  let store: LogStore;
  beforeAll(async () => {
    store = await freshLogStore('mysql');
  });
  afterAll(() => store.drop());

  it('tells its faults, and goes on by itself where it stood when the database is back', async () => {
    const proxy = await TcpProxy.before(store.store.url);
    const near = await startProcess(await store.open());
    const db = await openDatabase({ url: proxy.through(store.store.url) });
    const far = await startProcess(db, undefined, 5);
    const heard = new Collector(far.log.feed);
    await commit(near, fact('before'));
    await heard.until(1);
    proxy.cut();
    await commit(near, fact('during'), fact('during too'));
    await expect.poll(() => far.faults.length, { interval: 2 }).toBeGreaterThan(2);
    proxy.restore();
    await commit(near, fact('after'));
    await heard.until(4);
    expect(heard.subjects).toEqual(['before', 'during', 'during too', 'after']);
    await far.close();
    await db.close();
    await near.close();
    await proxy.close();
  });
});
