import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logBounds, readLog } from '../../src/events/log.js';
import { retainEvents } from '../../src/events/retention.js';
import { storeKinds } from '../kit/stores.js';
import { Collector } from './collector.js';
import { commit, fact, freshLogStore, type LogStore, type Process, startProcess } from './log-kit.js';

describe.each(storeKinds())('the event log on %s', (kind) => {
  let store: LogStore;
  let server: Process;
  beforeAll(async () => {
    store = await freshLogStore(kind);
    server = await startProcess(await store.open());
  });
  afterAll(async () => {
    await server.close();
    await store.drop();
  });

  it('tells what was committed, numbered without gaps, in order', async () => {
    const heard = new Collector(server.log.feed);
    const from = server.log.feed.position;
    await commit(server, fact('a'), fact('b'));
    await commit(server, fact('c'));
    await heard.until(3);
    expect(heard.subjects).toEqual(['a', 'b', 'c']);
    expect(heard.positions).toEqual([from + 1, from + 2, from + 3]);
    expect(heard.events[0]?.payload).toEqual({ key: 'a:0', change: 'UPDATED' });
    heard.stop();
  });

  it('tells nothing of a transaction that was rolled back', async () => {
    const heard = new Collector(server.log.feed);
    const failing = server.db.transaction(async (tx) => {
      await server.outbox.append(tx, fact('never'));
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await commit(server, fact('kept'));
    await heard.until(1);
    expect(heard.subjects).toEqual(['kept']);
    heard.stop();
  });

  it('numbers more rows than one transaction takes', async () => {
    const heard = new Collector(server.log.feed);
    const many = Array.from({ length: 2_300 }, (_, index) => fact('many', index));
    await commit(server, ...many);
    await heard.until(many.length);
    const marks = heard.events.map((event) => ('key' in event.payload ? event.payload.key : ''));
    expect(marks).toEqual(many.map((event) => event.payload.key));
    heard.stop();
  });

  it('reads pages by topic and project for replays', async () => {
    const after = server.log.feed.position;
    await commit(server, fact('one', 0, 'red'), fact('two', 0, 'blue'), fact('three', 0, null));
    await server.log.feed.look();
    const upTo = server.log.feed.position;
    const read = async (query: object): Promise<string[]> => {
      const page = await readLog(server.db.reader, { after, upTo, limit: 10, ...query });
      expect(page.reached).toBe(upTo);
      return page.events.map((event) => event.subject);
    };
    expect(await read({})).toEqual(['one', 'two', 'three']);
    expect(await read({ topics: ['clientChanged'], projects: ['red', null] })).toEqual(['one', 'three']);
    expect(await read({ topics: ['jobStale'] })).toEqual([]);
    expect(await read({ projects: [] })).toEqual([]);
    const first = await readLog(server.db.reader, { after, upTo, limit: 2 });
    expect(first.reached).toBe(after + 2);
  });

  it('forgets from the oldest on and never what is young enough', async () => {
    await commit(server, fact('old'));
    await server.log.feed.look();
    const before = await logBounds(server.db.reader);
    expect(await retainEvents(server.db, 60_000)).toBe(0);
    expect(await logBounds(server.db.reader)).toEqual(before);
    await server.db.transaction((tx) => tx.execute('UPDATE events SET at = 0 WHERE seq < ?', [before.last]));
    expect(await retainEvents(server.db, 60_000)).toBe(before.last - before.oldest);
    expect(await logBounds(server.db.reader)).toEqual({ ...before, oldest: before.last });
    await retainEvents(server.db, -60_000);
    expect(await logBounds(server.db.reader)).toEqual({ ...before, oldest: before.last + 1 });
    const heard = new Collector(server.log.feed);
    await commit(server, fact('next'));
    expect((await heard.until(1)).positions).toEqual([before.last + 1]);
    heard.stop();
    expect(server.faults).toEqual([]);
  });
});
