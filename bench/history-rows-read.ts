import { SYSTEM } from '../src/auth/actor.js';
import { type Database, openDatabase } from '../src/db/database.js';
import type { Page } from '../src/db/page.js';
import { createHistoryService } from '../src/history/service.js';
import { type ListCase, PAGE } from './history-pages-cases.js';

/** Rows read for each row shown, at most. */
const GOAL = 10;

/** A page of a list, from a cursor of the API. */
export interface ReadPage {
  readonly name: string;
  readonly list: ListCase;
  readonly after: string | null;
}

/** Rows that the session has read, of tables and of what the database made for itself. */
async function handlerReads(db: Database): Promise<number> {
  const rows = await db.reader.rows<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler\\_read\\_%'");
  return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
}

function read(db: Database, { query, variables, equals, startedAfter }: ListCase, after: string | null) {
  const history = createHistoryService({ db });
  const [filter, request] = [{ ...Object(variables.filter) }, { first: PAGE, after }];
  if (query === 'transaction') return history.tasks(String(equals.transaction_id?.[0]), request, filter);
  const { clusterId, ...rest } = filter;
  const clusters = clusterId === undefined ? {} : { clusterIds: [clusterId] };
  return history.taskHistory(SYSTEM, { ...rest, ...clusters, startedAfter }, null, request);
}

/** Prints how many rows are read for each page; returns how many are above the goal. */
export async function printRowsRead(url: string, pages: readonly ReadPage[]): Promise<number> {
  // One connection: what a session has read is told to that session.
  const db = await openDatabase({ url, poolSize: 1 });
  console.log(`\n| list: page | rows shown | rows read | for each row shown (goal ${GOAL}) |\n|---|---|---|---|`);
  let above = 0;
  for (const { name, list, after } of pages) {
    const idle = -(await handlerReads(db)) + (await handlerReads(db));
    const before = await handlerReads(db);
    const page: Page<unknown> = await read(db, list, after);
    const reads = (await handlerReads(db)) - before - idle;
    const ratio = reads / Math.max(1, page.edges.length);
    if (ratio > GOAL) above += 1;
    console.log(`| ${name} | ${page.edges.length} | ${reads} | ${ratio.toFixed(1)} |`);
  }
  await db.close();
  return above;
}
