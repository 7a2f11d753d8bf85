// Background jobs that are all due at one instant: how late each is fired, beside the time that the database alone takes
// to store what a fire stores. Each fire writes its occurrence and one event.
//   node scripts/run-ts.mjs bench/scheduler.ts [count ...]
// SQLite; and MySQL or MariaDB too where ORRERY_TEST_DATABASE_URL names an empty database; Agenda's locks are in SQL,
// or in MongoDB where ORRERY_TEST_MONGODB_URL names one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MIGRATIONS } from '../migrations/all.js';
import { type Database, openDatabase } from '../src/db/database.js';
import { migrateDown, migrateUp } from '../src/db/migrate.js';
import { insertRows } from '../src/db/write.js';
import { OccurrenceEntity } from '../src/entities/occurrence.js';
import { inProcessDoorbell } from '../src/events/doorbell/in-process.js';
import { createOutbox } from '../src/events/outbox.js';
import { systemIds } from '../src/lib/ids.js';
import { HOUR } from '../src/lib/time.js';
import type { Kind } from '../src/scheduler/kinds.js';
import { NO_METRICS } from '../src/scheduler/metrics.js';
import { createScheduler } from '../src/scheduler/scheduler.js';

const BATCH = 200;
const counts = process.argv.slice(2).map(Number);
const silent = { ring: () => {} };
const outbox = createOutbox(silent, systemIds);

const fact = (subject: string) => ({
  topic: 'clientChanged' as const,
  project: 'bench',
  subject,
  payload: { key: subject, change: 'UPDATED' as const },
});

const kind: Kind = {
  kind: 'bench',
  defaultTag: {},
  recordsOccurrences: true,
  async fire(tx, due) {
    await outbox.append(tx, ...due.map((job) => fact(job.subject)));
    return due.map(({ id, scheduledFor }) => ({
      id,
      nextRunAt: scheduledFor + 24 * HOUR,
      occurrences: [{ scheduledFor, outcome: 'RAN', reason: null, runId: null }],
    }));
  },
  async *desired() {},
};

/** Seconds that the database takes to store the rows of so many fires, one transaction for each batch. */
async function limit(db: Database, count: number): Promise<number> {
  const begun = performance.now();
  for (let from = 0; from < count; from += BATCH) {
    const subjects = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => `limit${from + index}`);
    await db.transaction(async (tx) => {
      const at = await tx.now();
      const rows = subjects.map((subject) => ({
        id: systemIds.next('occ'),
        backgroundJobId: systemIds.next('bgjob'),
        kind: 'limit',
        subject,
        project: 'bench',
        scheduledFor: at,
        until: null,
        count: 1,
        outcome: 'RAN' as const,
        reason: null,
        runId: null,
        firedAt: at,
        fence: 1,
        serviceId: 'none',
      }));
      await outbox.append(tx, ...subjects.map(fact));
      await insertRows(tx, OccurrenceEntity, rows);
    });
  }
  return (performance.now() - begun) / 1_000;
}

/** The lateness of each fire in milliseconds, in ascending order. */
async function burst(db: Database, count: number): Promise<number[]> {
  const lateness: number[] = [];
  let finish = (): void => {};
  const all = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const doorbell = inProcessDoorbell();
  const mongoUrl = process.env.ORRERY_TEST_MONGODB_URL;
  const scheduler = createScheduler({
    db,
    ids: systemIds,
    bell: doorbell,
    outbox: createOutbox(doorbell, systemIds),
    listen: (channel, look) => doorbell.listen(channel, look),
    identity: { host: 'bench', name: `engine-${count}`, version: '1', labels: {} },
    log: { warn: (message, error) => console.error(message, error) },
    exclusive: db.dialect === 'sqlite',
    ...(mongoUrl === undefined ? {} : { mongoUrl }),
    metrics: {
      ...NO_METRICS,
      fired(name, late) {
        if (name === kind.kind) lateness.push(late);
        if (lateness.length === count) finish();
      },
    },
  });
  scheduler.register(kind);
  const far = (await db.now()) + 48 * HOUR;
  const subjects = Array.from({ length: count }, (_, index) => `burst${count}-${index}`);
  for (let from = 0; from < count; from += BATCH) {
    await db.transaction(async (tx) => {
      for (const subject of subjects.slice(from, from + BATCH)) {
        await scheduler.planner.plan(tx, kind.kind, { subject, project: 'bench', nextRunAt: far });
      }
    });
  }
  await scheduler.start();
  while (scheduler.state().shardsHeld < 16) await sleep(20);
  const at = (await db.now()) + 1_500;
  const soon = 'UPDATE background_jobs SET next_run_at = ?, wake_at = ? WHERE next_run_at = ?';
  await db.transaction((tx) => tx.execute(soon, [at, at, far]));
  await all;
  await scheduler.stop(10_000);
  doorbell.close();
  return lateness.sort((a, b) => a - b);
}

async function measure(name: string, url: string): Promise<void> {
  const db = await openDatabase({ url }, MIGRATIONS);
  await migrateUp(db);
  console.log(`${name}: count, p50 ms, p99 ms, all fired after s, fires/s, the database alone s, ratio`);
  for (const count of counts.length > 0 ? counts : [500, 2_000, 10_000]) {
    const late = await burst(db, count);
    const of = (part: number): number => late[Math.min(late.length - 1, Math.floor(late.length * part))] ?? 0;
    const last = of(1) / 1_000;
    const alone = await limit(db, count);
    const figures = [of(0.5), of(0.99), last.toFixed(2), Math.round(count / last), alone.toFixed(2)];
    console.log(`  ${[count, ...figures, (last / alone).toFixed(2)].join('\t')}`);
  }
  await migrateDown(db, MIGRATIONS.length);
  await db.close();
}

const directory = await mkdtemp(join(tmpdir(), 'orrery-bench-'));
await measure('SQLite', `sqlite:${join(directory, 'bench.sqlite')}`);
await rm(directory, { recursive: true, force: true });
const server = process.env.ORRERY_TEST_DATABASE_URL;
if (server !== undefined) await measure('MySQL or MariaDB', server);
