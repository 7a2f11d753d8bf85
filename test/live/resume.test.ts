import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pollingDoorbell } from '../../src/events/doorbell/polling.js';
import { freshLogStore, type LogStore, startProcess } from '../events/log-kit.js';
import { storeKinds } from '../kit/stores.js';
import { startLiveServer } from './live-server.js';
import type { Node } from './readers.js';
import { runSchedule, schedules } from './schedules.js';

describe.each(storeKinds())('two server processes on %s', (kind) => {
  let store: LogStore;
  let nodes: [Node, Node];
  const start = async (db: Awaited<ReturnType<LogStore['open']>>): Promise<Node> => {
    const process = await startProcess(db, pollingDoorbell(10), 10);
    return { process, server: await startLiveServer(process) };
  };
  beforeAll(async () => {
    store = await freshLogStore(kind);
    const db = await store.open();
    // SQLite is one process's: there both nodes use its connection, as two roles of one server would.
    nodes = [await start(db), await start(kind === 'sqlite' ? db : await store.open())];
  });
  afterAll(async () => {
    for (const { process, server } of nodes) {
      await server.close();
      await process.close();
      expect([...server.faults, ...process.faults]).toEqual([]);
    }
    await store.drop();
  });

  it('give every reader every fact once and in order, whatever is committed late and wherever it reconnects', async () => {
    const concurrent = kind === 'mysql';
    await fc.assert(
      fc.asyncProperty(schedules, (steps) => runSchedule(nodes, steps, concurrent)),
      { numRuns: 20, endOnFailure: true },
    );
  }, 120_000);
});
