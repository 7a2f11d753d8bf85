import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import type { Tx } from '../../src/db/transaction.js';
import { insertRows } from '../../src/db/write.js';
import { TaskEventEntity } from '../../src/entities/ledger.js';
import { EVENT_STREAM, TASK_EVENT_STREAM } from '../../src/events/numbered-stream.js';
import { groupPositions, positionsFrom } from '../../src/events/positions.js';
import { createSequencer } from '../../src/events/sequencer.js';
import { systemIds } from '../../src/lib/ids.js';
import { storeKinds } from '../kit/stores.js';
import { Collector } from './collector.js';
import { fact, freshLogStore, type LogStore, startProcess } from './log-kit.js';

describe('positions', () => {
  const names = fc.array(fc.constantFrom('a', 'b', 'c'));

  it('go on from the last one without a gap', () => {
    fc.assert(
      fc.property(fc.nat(1_000), names, (last, ids) => {
        const rows = ids.map((id) => ({ id }));
        expect(positionsFrom(rows, last)).toEqual(rows.map(({ id }, index) => ({ id, seq: last + index + 1 })));
      }),
    );
  });

  it('of a series go on from its own last one', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(100)), names, (last, series) => {
        const rows = series.map((name, index) => ({ id: String(index), series: name }));
        const given = groupPositions(rows, new Map(Object.entries(last)));
        for (const name of ['a', 'b', 'c']) {
          const own = given.filter((_, index) => rows[index]?.series === name).map(({ seq }) => seq);
          expect(own).toEqual(own.map((_, index) => (last[name] ?? 0) + index + 1));
        }
      }),
    );
  });
});

function taskEvents(tx: Tx, transactionId: string, count: number): Promise<void> {
  const rows = Array.from({ length: count }, () => ({
    id: systemIds.next('tev'),
    transactionId,
    seq: null,
    taskId: 'task_1',
    attempt: 1,
    status: 'READY' as const,
    reason: null,
    reportedAt: null,
    receivedAt: 0,
    reportId: 'report',
  }));
  return insertRows(tx, TaskEventEntity, rows);
}

describe.each(storeKinds())('the sequencer on %s', (kind) => {
  let store: LogStore;
  let db: Database;
  beforeAll(async () => {
    store = await freshLogStore(kind);
    db = await store.open();
  });
  afterAll(() => store.drop());

  it('is safe to run anywhere at once: whoever comes first numbers, once', async () => {
    const others = kind === 'sqlite' ? [db, db] : [await store.open(), await store.open()];
    const server = await startProcess(db, undefined, 3_600_000);
    const sequencers = [db, ...others].map((one) => createSequencer(one, EVENT_STREAM));
    const before = server.log.feed.position;
    await db.transaction((tx) => server.outbox.append(tx, ...Array.from({ length: 900 }, (_, n) => fact('x', n))));
    const done = await Promise.all([...sequencers, ...sequencers].map((sequencer) => sequencer.run()));
    expect(done.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(900);
    const rows = await db.reader.rows<{ seq: number | string }>('SELECT seq FROM events WHERE seq > ? ORDER BY seq', [
      before,
    ]);
    expect(rows.map((row) => Number(row.seq))).toEqual(rows.map((_, index) => before + index + 1));
    expect(rows).toHaveLength(900);
    await server.close();
  });

  it('numbers task events within their transaction', async () => {
    const sequencer = createSequencer(db, TASK_EVENT_STREAM);
    const read = async (id: string): Promise<number[]> => {
      const sql = 'SELECT seq FROM task_events WHERE transaction_id = ? ORDER BY id';
      return (await db.reader.rows<{ seq: number | string }>(sql, [id])).map((row) => Number(row.seq));
    };
    await db.transaction(async (tx) => {
      await taskEvents(tx, 'run_1', 2);
      await taskEvents(tx, 'run_2', 3);
    });
    expect(await sequencer.run()).toBe(5);
    await db.transaction((tx) => taskEvents(tx, 'run_1', 1_500));
    expect(await sequencer.run()).toBe(1_500);
    expect(await read('run_1')).toEqual(Array.from({ length: 1_502 }, (_, index) => index + 1));
    expect(await read('run_2')).toEqual([1, 2, 3]);
    expect(await sequencer.run()).toBe(0);
  });

  it('numbers much of several transactions, each in its own order', async () => {
    const sequencer = createSequencer(db, TASK_EVENT_STREAM);
    const sizes = new Map([
      ['big_1', 3_200],
      ['big_2', 1_100],
      ['small_1', 3],
      ['small_2', 1],
    ]);
    await db.transaction(async (tx) => {
      for (const [id, size] of sizes) await taskEvents(tx, id, size);
    });
    const sequencers = [sequencer, createSequencer(kind === 'sqlite' ? db : await store.open(), TASK_EVENT_STREAM)];
    const done = await Promise.all(sequencers.map((one) => one.run()));
    expect(done.reduce((sum, count) => sum + count, 0)).toBe(4_304);
    for (const [id, size] of sizes) {
      const rows = await db.reader.rows<{ seq: number | string }>(
        'SELECT seq FROM task_events WHERE transaction_id = ? ORDER BY id',
        [id],
      );
      expect(rows.map(({ seq }) => Number(seq))).toEqual(Array.from({ length: size }, (_, index) => index + 1));
    }
  });

  it('numbers what a process left behind that died between its commit and its ring', async () => {
    const dead = await startProcess(db, undefined, 3_600_000);
    await dead.close();
    const alive = await startProcess(db, undefined, 5);
    const heard = new Collector(alive.log.feed);
    await db.transaction((tx) => dead.outbox.append(tx, fact('left behind')));
    expect((await heard.until(1)).subjects).toEqual(['left behind']);
    await alive.close();
  });
});
