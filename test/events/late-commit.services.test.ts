import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithStores } from '../kit/stores.js';
import { Collector } from './collector.js';
import { commit, fact, freshLogStore, holdOpen, type LogStore, startProcess } from './log-kit.js';

describeWithStores('a transaction that commits late', ['mysql'], () => {
  let store: LogStore;
  beforeAll(async () => {
    store = await freshLogStore('mysql');
  });
  afterAll(() => store.drop());

  it('keeps nobody waiting, and its facts come after those that were committed before it', async () => {
    const [here, there] = [
      await startProcess(await store.open()),
      await startProcess(await store.open(), undefined, 5),
    ];
    const [heard, overheard] = [new Collector(here.log.feed), new Collector(there.log.feed)];
    const late = holdOpen(here.db, (tx) => here.outbox.append(tx, fact('late')));
    await late.written;
    await commit(there, fact('early'), fact('early too'));
    await Promise.all([heard.until(2), overheard.until(2)]);
    await late.commit();
    for (const one of [await heard.until(3), await overheard.until(3)]) {
      expect(one.subjects).toEqual(['early', 'early too', 'late']);
      const [first] = one.positions;
      expect(one.positions).toEqual([0, 1, 2].map((step) => (first ?? 0) + step));
    }
    expect([...here.faults, ...there.faults]).toEqual([]);
    await here.close();
    await there.close();
  });
});
