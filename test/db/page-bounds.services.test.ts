import { afterAll, beforeAll, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/all.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import { migrateUp } from '../../src/db/migrate.js';
import { keysetPage, type OrderKey, type PageRequest } from '../../src/db/page.js';
import { RowQuery } from '../../src/db/row-query.js';
import { insertRows } from '../../src/db/write.js';
import { ActivityEntity } from '../../src/entities/activity.js';
import { describeWithStores, type FreshStore, freshDatabase } from '../kit/stores.js';

const ROWS = 6_000;
const PAGE = 50;
/** Rows read for each row shown, at most: its place in the index, the row, and both once more to be joined and sorted. */
const MOST = 6;
/** Rows read beside. */
const FEW = 10;

describeWithStores('the rows that a page between two cursors reads', ['mysql'], () => {
  let store: FreshStore;
  let db: Database;

  beforeAll(async () => {
    store = await freshDatabase('mysql');
    // One connection: what a session has read is told to that session.
    db = await openDatabase({ url: store.url, poolSize: 1 }, MIGRATIONS);
    await migrateUp(db);
    const rows = Array.from({ length: ROWS }, (_, index) => ({
      ...{
        id: `act_${String(index).padStart(8, '0')}`,
        project: `project-${index % 2}`,
        actorId: 'ann',
        actorName: 'Ann',
      },
      ...{ role: 'ADMIN' as const, action: 'jobStop', subject: null, outcome: 'OK', detail: null, via: 'HTTP' },
      // Three at a time.
      ...{ address: null, requestId: 'test', at: Math.floor(index / 3) },
    }));
    await db.transaction((tx) => insertRows(tx, ActivityEntity, rows));
    await db.reader.rows('ANALYZE TABLE activity');
  });
  afterAll(async () => {
    await db.close();
    await store.drop();
  });

  async function handlerReads(): Promise<number> {
    const rows = await db.reader.rows<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler\\_read\\_%'");
    return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
  }

  for (const direction of ['ASC', 'DESC'] as const) {
    const order: OrderKey[] = ['at', 'id'].map((property) => ({ property, direction }));

    it.each([null, 'project-1'])(`are as few as it shows: ${direction}, project %s`, async (project) => {
      const page = (request: PageRequest) => {
        const query = new RowQuery(db.reader, ActivityEntity, 'activity');
        if (project !== null) query.andWhere('activity.project = :project', { project });
        return keysetPage(query, order, request, 'test');
      };
      const measure = async (request: PageRequest, shown: number): Promise<void> => {
        const idle = -(await handlerReads()) + (await handlerReads());
        const before = await handlerReads();
        const { edges } = await page(request);
        const reads = (await handlerReads()) - before - idle;
        expect(edges).toHaveLength(shown);
        expect({ request, reads }).toEqual({ request, reads: Math.min(reads, MOST * shown + FEW) });
      };
      const [head, tail] = [await page({ first: 500 }), await page({ last: 500 })];
      const middle = await page({ first: 500, after: head.edges.at(-1)?.cursor });
      const at = ({ edges }: typeof head, index: number) => edges.at(index)?.cursor;
      await measure({ first: PAGE }, PAGE);
      await measure({ first: PAGE, before: at(head, 3) }, 3);
      await measure({ before: at(middle, 250) }, PAGE);
      await measure({ last: PAGE, after: at(tail, -4) }, 3);
      await measure({ last: PAGE, after: at(middle, 250) }, PAGE);
      await measure({ first: PAGE, after: at(middle, 200), before: at(middle, 204) }, 3);
      await measure({ last: PAGE, after: at(middle, 200), before: at(middle, 204) }, 3);
      await measure({ first: PAGE, after: at(middle, 0), before: at(middle, 400) }, PAGE);
      await measure({ last: PAGE, after: at(middle, 0), before: at(middle, 400) }, PAGE);
    });
  }
});
