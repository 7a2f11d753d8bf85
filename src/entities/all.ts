import type { EntitySchema } from 'typeorm';
import { ActivityEntity } from './activity.js';
import { AgendaJobEntity } from './agenda-job.js';
import { ApiTokenEntity } from './api-token.js';
import { BackgroundJobEntity } from './background-job.js';
import { ClientEntity } from './client.js';
import { ClusterEntity } from './cluster.js';
import { EventEntity, StreamHeadEntity } from './event.js';
import { HistoryRetentionEntity } from './history-retention.js';
import { JobActionKindEntity, JobEntity, JobRevisionEntity } from './job.js';
import { LeaseEntity } from './lease.js';
import {
  ReportEntity,
  TaskEntity,
  TaskEventEntity,
  TaskSummaryEntity,
  TransactionCountsEntity,
  TransactionEntity,
  TransactionInputEntity,
  TransactionRemainsEntity,
  TransactionTombstoneEntity,
} from './ledger.js';
import { OccurrenceEntity } from './occurrence.js';
import { ReportSuspectEntity } from './report-suspect.js';
import { JobRunEntity, RunOutputAttemptEntity, RunOutputEntity } from './run.js';
import { ServiceEntity } from './service.js';
import { SessionEntity } from './session.js';
import { ShardEntity } from './shard.js';
import { TransactionEndEntity } from './transaction-end.js';

/** Every table of the product; a test holds them equal to what the migrations make. */
export const ENTITIES: readonly EntitySchema[] = [
  EventEntity,
  StreamHeadEntity,
  JobEntity,
  JobActionKindEntity,
  JobRevisionEntity,
  JobRunEntity,
  RunOutputEntity,
  RunOutputAttemptEntity,
  ClientEntity,
  ClusterEntity,
  TransactionEntity,
  TransactionCountsEntity,
  TransactionEndEntity,
  TransactionTombstoneEntity,
  TransactionRemainsEntity,
  HistoryRetentionEntity,
  TaskEntity,
  TaskSummaryEntity,
  TransactionInputEntity,
  TaskEventEntity,
  ReportEntity,
  ReportSuspectEntity,
  ApiTokenEntity,
  SessionEntity,
  ActivityEntity,
  ServiceEntity,
  ShardEntity,
  BackgroundJobEntity,
  OccurrenceEntity,
  LeaseEntity,
  AgendaJobEntity,
] as readonly EntitySchema[];
