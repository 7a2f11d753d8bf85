import type { MigrationInterface } from 'typeorm';
import { CreateEvents } from './20261121-0100-events.js';
import { CreateJobs } from './20261121-0200-jobs.js';
import { CreateLedger } from './20261121-0300-ledger.js';
import { CreateScheduler } from './20261121-0400-scheduler.js';
import { CreateAuth } from './20261121-0500-auth.js';
import { ExtendHistory } from './20261121-0600-history.js';
import { AddDirectory } from './20261121-0700-directory.js';
import { CreateReportSuspects } from './20261121-0720-report-suspects.js';
import { CreateTransactionEnds } from './20261121-0730-transaction-ends.js';
import { ExtendLeases } from './20261121-0800-work.js';
import { AddHolders } from './20261121-0830-holders.js';
import { IndexRunInstants } from './20261121-0840-run-instants.js';
import { AddReportedOrder } from './20261121-0850-reported-order.js';
import { IndexActivityOutcomes } from './20261122-0200-activity-outcomes.js';
import { AddOccurrenceStarts } from './20261122-0300-occurrence-starts.js';

/** Every migration, oldest first. One set serves MySQL, MariaDB and SQLite. */
export const MIGRATIONS: readonly (new () => MigrationInterface)[] = [
  CreateEvents,
  CreateJobs,
  CreateLedger,
  CreateScheduler,
  CreateAuth,
  ExtendHistory,
  AddDirectory,
  CreateReportSuspects,
  CreateTransactionEnds,
  ExtendLeases,
  AddHolders,
  IndexRunInstants,
  AddReportedOrder,
  IndexActivityOutcomes,
  AddOccurrenceStarts,
];
