import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithStores } from '../kit/stores.js';
import { Collector } from './collector.js';
import { commit, fact, freshLogStore, type LogStore, startProcess } from './log-kit.js';

describeWithStores('a process that is stopped while it numbers facts', ['mysql'], () => {
  let store: LogStore;
  beforeAll(async () => {
    store = await freshLogStore('mysql');
  });
  afterAll(() => store.drop());

  it('holds up the others for a moment only: its connection is ended', async () => {
    const here = await startProcess(await store.open());
    const heard = new Collector(here.log.feed);
    await commit(here, fact('before'));
    await heard.until(1);
    const frozen = await createConnection(store.store.url);
    frozen.on('error', () => {});
    await frozen.beginTransaction();
    await frozen.query("UPDATE stream_heads SET connection_id = CONNECTION_ID() WHERE name = 'events'");
    await commit(here, fact('after'));
    expect((await heard.until(2)).subjects).toEqual(['before', 'after']);
    await expect(frozen.query('SELECT 1')).rejects.toThrow();
    expect(here.faults).toEqual([]);
    await here.close();
  });
});
