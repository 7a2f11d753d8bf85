import { MIGRATIONS } from '../../migrations/all.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import type { Tx } from '../../src/db/transaction.js';
import type { Doorbell } from '../../src/events/doorbell/doorbell.js';
import { inProcessDoorbell } from '../../src/events/doorbell/in-process.js';
import { type EventLog, openEventLog } from '../../src/events/event-log.js';
import { createOutbox, type Outbox } from '../../src/events/outbox.js';
import type { NewEvent } from '../../src/events/topics.js';
import { systemIds } from '../../src/lib/ids.js';
import { migratedDatabase } from '../kit/migrated.js';
import type { DatabaseKind, FreshStore } from '../kit/stores.js';

/** A migrated database of its own, and as many processes on it as a test wants. */
export interface LogStore {
  store: FreshStore;
  open(): Promise<Database>;
  drop(): Promise<void>;
}

export async function freshLogStore(kind: DatabaseKind): Promise<LogStore> {
  const store = await migratedDatabase(kind);
  const opened: Database[] = [];
  return {
    store,
    async open() {
      const db = await openDatabase({ url: store.url, poolSize: 20 }, MIGRATIONS);
      opened.push(db);
      return db;
    },
    async drop() {
      await Promise.all(opened.map((db) => db.close()));
      await store.drop();
    },
  };
}

/** One server process: its event log and its outbox, with a doorbell. */
export interface Process {
  db: Database;
  log: EventLog;
  outbox: Outbox;
  doorbell: Doorbell;
  faults: unknown[];
  close(): Promise<void>;
}

export async function startProcess(db: Database, doorbell = inProcessDoorbell(), interval = 50): Promise<Process> {
  const faults: unknown[] = [];
  const log = await openEventLog({ db, doorbell, interval, onFault: (error) => faults.push(error) });
  const outbox = createOutbox(log.bell, systemIds);
  const close = async (): Promise<void> => {
    await log.close();
    doorbell.close();
  };
  return { db, log, outbox, doorbell, faults, close };
}

/** A fact about a job, to be told apart by its subject and its mark. */
export function fact(subject: string, mark = 0, project: string | null = 'default'): NewEvent<'clientChanged'> {
  return { topic: 'clientChanged', project, subject, payload: { key: `${subject}:${mark}`, change: 'UPDATED' } };
}

/** Commits facts in one transaction. */
export function commit(process: Process, ...facts: NewEvent<'clientChanged'>[]): Promise<void> {
  return process.db.transaction((tx) => process.outbox.append(tx, ...facts));
}

/** A transaction that is held open until it is let go. */
export interface HeldTransaction {
  /** Resolves once its rows are written (not committed). */
  written: Promise<void>;
  commit(): Promise<void>;
}

export function holdOpen(db: Database, work: (tx: Tx) => Promise<void>): HeldTransaction {
  let release: () => void = () => {};
  let wrote: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const written = new Promise<void>((resolve) => {
    wrote = resolve;
  });
  const done = db.transaction(async (tx) => {
    await work(tx);
    wrote();
    await gate;
  });
  return {
    written,
    commit() {
      release();
      return done;
    },
  };
}
