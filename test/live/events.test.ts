import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { retainEvents } from '../../src/events/retention.js';
import type { Topic } from '../../src/events/topics.js';
import { encodeCursor } from '../../src/live/cursor.js';
import type { SlowConsumerError } from '../../src/live/errors.js';
import type { Live } from '../../src/live/hub.js';
import { commit, fact, freshLogStore, type LogStore, type Process, startProcess } from '../events/log-kit.js';
import { storeKinds } from '../kit/stores.js';
import { hubOf } from './live-kit.js';
import { takeItems } from './reading.js';

const TOPICS = ['clientChanged'] as const;

describe.each(storeKinds())('subscriptions to the event log on %s', (kind) => {
  let store: LogStore;
  let server: Process;
  let live: Live;
  let ending: AbortController;
  const hub = (queueBytes?: number): Live => hubOf(server, queueBytes);
  const follow = (after: string | null, from = live) =>
    from.events({ topics: TOPICS, after, signal: ending.signal })[Symbol.asyncIterator]();
  const settle = (): Promise<void> => server.log.feed.look();

  beforeAll(async () => {
    store = await freshLogStore(kind);
    server = await startProcess(await store.open());
    live = hub();
  });
  afterAll(async () => {
    await server.close();
    await store.drop();
  });
  beforeEach(() => {
    ending = new AbortController();
  });
  afterEach(() => ending.abort());

  it('start now without a cursor', async () => {
    await commit(server, fact('before'));
    await settle();
    const stream = follow(null);
    await commit(server, fact('after'));
    expect((await takeItems(stream, 1)).map((event) => event.subject)).toEqual(['after']);
  });

  it('resume behind a cursor: first what was missed, then live, each once', async () => {
    const first = follow(null);
    await commit(server, fact('seen'));
    const [seen] = await takeItems(first, 1);
    await first.return?.();
    await commit(server, fact('missed 1'), fact('missed 2'));
    await settle();
    const cursor = seen ? live.cursorOf(seen) : null;
    const again = follow(cursor);
    expect((await takeItems(again, 2)).map((event) => event.subject)).toEqual(['missed 1', 'missed 2']);
    await commit(server, fact('live'));
    expect((await takeItems(again, 1)).map((event) => event.subject)).toEqual(['live']);
  });

  it('resume on a server that has not read so far itself', async () => {
    const other = await startProcess(server.db, undefined, 3_600_000);
    const behind = hubOf(other);
    const first = follow(null);
    await commit(server, fact('known to one'));
    const [event] = await takeItems(first, 1);
    expect(other.log.feed.position).toBeLessThan(event?.seq ?? 0);
    const stream = follow(event ? live.cursorOf(event) : null, behind);
    const waiting = takeItems(stream, 1);
    await commit(other, fact('known to both'));
    expect((await waiting).map((next) => next.subject)).toEqual(['known to both']);
    await other.close();
  });

  it('tell only what the subscriber accepts', async () => {
    const accept = (event: { project: string | null }): boolean => event.project === 'red';
    const stream = live.events({ topics: TOPICS, accept, after: null, signal: ending.signal });
    await commit(server, fact('other', 0, 'blue'), fact('own', 0, 'red'));
    expect((await takeItems(stream[Symbol.asyncIterator](), 1)).map((event) => event.subject)).toEqual(['own']);
  });

  it('end with their signal, also while they wait', async () => {
    const waiting = takeItems(follow(null), 1);
    ending.abort();
    expect(await waiting).toEqual([]);
  });

  it('refuse a cursor that is broken, of another kind, of another log, or ahead of this one', async () => {
    const { epoch, position } = server.log.feed;
    const refused = (cursor: string): Promise<unknown> => takeItems(follow(cursor), 1);
    for (const broken of ['', '???', 'bm9wZQ', encodeCursor({ kind: 'events', of: epoch }, -1)]) {
      await expect(refused(broken)).rejects.toMatchObject({ code: 'INVALID_INPUT', inputPath: ['after'] });
    }
    const foreign = encodeCursor({ kind: 'output', of: 'run_1' }, 1);
    await expect(refused(foreign)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    for (const cursor of [
      encodeCursor({ kind: 'events', of: 'another' }, 1),
      encodeCursor({ kind: 'events', of: epoch }, position + 1_000),
    ]) {
      await expect(refused(cursor)).rejects.toMatchObject({ code: 'RESYNC_REQUIRED' });
    }
  });

  it('tell a cursor that is too old from which one to go on', async () => {
    await commit(server, fact('forgotten'));
    await settle();
    const old = encodeCursor({ kind: 'events', of: server.log.feed.epoch }, server.log.feed.position - 1);
    await retainEvents(server.db, -60_000);
    const error: unknown = await takeItems(follow(old), 1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'RESYNC_REQUIRED' });
    const cursor = (error as SlowConsumerError).details.cursor;
    await commit(server, fact('kept'));
    await settle();
    expect((await takeItems(follow(cursor), 1)).map((event) => event.subject)).toEqual(['kept']);
  });

  it('end with RESYNC_REQUIRED on a server that stood still for longer than the log is kept, which then goes on', async () => {
    const other = await startProcess(server.db, undefined, 3_600_000);
    const still = hubOf(other);
    for (const keepOne of [false, true]) {
      const waiting = takeItems(follow(null, still), 1);
      await commit(server, fact('lost'), fact('lost too'));
      await settle();
      await retainEvents(server.db, -60_000);
      if (keepOne) await commit(server, fact('kept'));
      await other.log.feed.look();
      await expect(waiting).rejects.toMatchObject({ code: 'RESYNC_REQUIRED' });
      expect(other.log.feed.position).toBe((await other.log.feed.bounds()).last);
    }
    const again = takeItems(follow(null, still), 1);
    await commit(other, fact('goes on'));
    expect((await again).map((event) => event.subject)).toEqual(['goes on']);
    await other.close();
  });

  it('give a slow reader the latest state of each subject where that is enough', async () => {
    const stream = follow(null, hub(8_000));
    await commit(server, ...Array.from({ length: 300 }, (_, index) => fact(`subject ${index % 3}`, index)));
    await settle();
    const end = server.log.feed.position;
    const got: string[] = [];
    for (let last = 0; last < end; ) {
      const [event] = await takeItems(stream, 1);
      last = event?.seq ?? end;
      got.push(event?.payload.key ?? '');
    }
    expect(got.length).toBeLessThan(300);
    expect(got.slice(-3)).toEqual(['subject 0:297', 'subject 1:298', 'subject 2:299']);
  });

  it('end a slow reader of facts that all count with SLOW_CONSUMER and its last cursor', async () => {
    const topics: Topic[] = ['activityRecorded'];
    const open = (after: string | null, from: Live) =>
      from.events({ topics, after, signal: ending.signal })[Symbol.asyncIterator]();
    const act = (action: string) =>
      server.db.transaction((tx) =>
        server.outbox.append(tx, {
          topic: 'activityRecorded',
          project: null,
          subject: 'one',
          payload: { actor: 'me', action, subject: null },
        }),
      );
    const stream = open(null, hub(8_000));
    await act('first');
    expect(await takeItems(stream, 1)).toHaveLength(1);
    for (let index = 0; index < 60; index += 1) await act(`more ${index}`);
    await settle();
    const error: unknown = await takeItems(stream, 100).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SLOW_CONSUMER' });
    const resumed = await takeItems(open((error as SlowConsumerError).details.cursor, live), 60);
    expect(resumed.map((event) => 'action' in event.payload && event.payload.action)).toEqual(
      Array.from({ length: 60 }, (_, index) => `more ${index}`),
    );
  });
});
