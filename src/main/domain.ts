import { hostname } from 'node:os';
import { createClusterDirectory } from '../cluster/cluster-directory.js';
import { type ClusterService, createClusterService } from '../cluster/cluster-service.js';
import type { Config } from '../config/config.js';
import { createOutbox, type Outbox } from '../events/outbox.js';
import { createOutputLog } from '../events/output-log.js';
import { createTaskEventLog } from '../events/task-event-log.js';
import { createHistoryAnalysis, type HistoryAnalysis } from '../history/analysis.js';
import { createExportService, type ExportService } from '../history/export/export-service.js';
import { createReportService, type ReportService } from '../history/intake/report-service.js';
import { createRetentionService, type RetentionService } from '../history/retention/retention-service.js';
import { createHistoryService, type HistoryService } from '../history/service.js';
import { createClientService } from '../jobs/client-service.js';
import { DEFAULT_JOBS_SETTINGS, type JobsDeps } from '../jobs/deps.js';
import { jobRunKind } from '../jobs/firing.js';
import { runBelongings } from '../jobs/run-belongings.js';
import { runLeaseKind } from '../jobs/run-expiry.js';
import { createRunService } from '../jobs/run-service.js';
import { createJobService } from '../jobs/service.js';
import { countStale, jobStaleKind } from '../jobs/stale.js';
import { systemIds } from '../lib/ids.js';
import { SECOND, systemClock } from '../lib/time.js';
import { createLive, type Live } from '../live/hub.js';
import { createDirectory, type Directory } from '../scheduler/directory/directory.js';
import type { Kind } from '../scheduler/kinds.js';
import type { SchedulerOptions } from '../scheduler/options.js';
import { createScheduler, type Scheduler } from '../scheduler/scheduler.js';
import type { Health } from '../telemetry/health.js';
import type { Logger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';
import { historyRetentionChore, retentionChore, silenceChore } from './chores.js';
import { clusterSurvey, doubledInstants } from './cluster-survey.js';
import { createRights, type Rights } from './rights.js';
import { probeScheduler } from './scheduler-health.js';
import { clusterGauges, schedulerMetrics } from './scheduler-metrics.js';
import type { Stores } from './stores.js';

/** What this process says about itself. */
export interface Identity {
  name: string;
  version: string;
}

/** The domain's parts, wired. */
export interface Domain {
  rights: Rights;
  scheduler: Scheduler;
  retention: RetentionService;
  jobs: ReturnType<typeof createJobService>;
  runs: ReturnType<typeof createRunService>;
  history: HistoryService;
  analysis: HistoryAnalysis;
  exports: ExportService;
  reports: ReportService;
  clients: ReturnType<typeof createClientService>;
  clusters: ClusterService;
  directory: Directory;
  live: Live;
}

/** The parts of the process that every other part may report to. */
export interface Telemetry {
  log: Logger;
  health: Health;
  metrics: Metrics;
}

/** What trials add to the scheduler: to hold it at its points, and kinds of their own. */
export interface SchedulerTrial extends Pick<SchedulerOptions, 'at'> {
  readonly kinds?: (scheduler: Scheduler) => readonly Kind[];
}

function createClock(
  config: Config,
  stores: Stores,
  identity: Identity,
  telemetry: Telemetry,
  outbox: Outbox,
  trial: SchedulerTrial,
): Scheduler {
  const { log, health, metrics } = telemetry;
  const scheduler = createScheduler({
    db: stores.own,
    workDb: stores.db,
    ids: systemIds,
    bell: stores.log.bell,
    outbox,
    listen: (channel, look) => stores.doorbell.listen(channel, look),
    identity: { host: hostname(), name: identity.name, version: identity.version, labels: config.server.labels },
    log: { warn: (message, error) => log.warn({ error }, message) },
    metrics: schedulerMetrics(metrics),
    leaseLength: config.work.shardLease,
    renewEvery: config.work.shardRenew,
    slices: { untagged: config.work.shards, tagged: config.work.taggedShards },
    exclusive: config.stores.embedded,
    ...(trial.at ? { at: trial.at } : {}),
    ...(config.stores.mongodbUrl === null ? {} : { mongoUrl: config.stores.mongodbUrl }),
  });
  const survey = clusterSurvey(stores.own, config.work.shardLease);
  const engine = config.server.role !== 'api';
  const mongo = config.stores.mongodbUrl !== null;
  probeScheduler(health, stores.own, scheduler, survey, { engine, mongo });
  clusterGauges(metrics, scheduler, survey, doubledInstants(stores.own));
  return scheduler;
}

function createRetention({ history }: Config, deps: JobsDeps, { log, metrics }: Telemetry): RetentionService {
  const help = 'Rows of the history that were deleted, by age or by an admin.';
  const count = metrics.total('orrery_history_deleted_total', help, ['kind']);
  return createRetentionService({
    ...deps,
    log,
    belongings: [runBelongings(deps)],
    ages: {
      rows: history.historyRowsRetention,
      summaries: history.historySummariesRetention,
      events: history.historyEventsRetention,
    },
    onDeleted: (kind, rows) => count(rows, kind),
  });
}

/** Wires the domain over the stores; nothing runs yet. */
export function createDomain(
  config: Config,
  stores: Stores,
  identity: Identity,
  telemetry: Telemetry,
  trial: SchedulerTrial = {},
): Domain {
  const { db } = stores;
  const outbox = createOutbox(stores.log.bell, systemIds);
  const rights = createRights(config, { db, outbox, feed: stores.log.feed });
  const scheduler = createClock(config, stores, identity, telemetry, outbox, trial);
  const deps: JobsDeps = {
    db,
    outbox,
    planner: scheduler.planner,
    ids: systemIds,
    clock: systemClock,
    activity: (tx, ctx, entry) => rights.activities.record(tx, ctx, entry),
    settings: {
      ...DEFAULT_JOBS_SETTINGS,
      runLease: config.work.runLease,
      defaultCatchupWindow: Math.floor(config.work.catchupWindow / SECOND),
    },
  };
  const leases = runLeaseKind(deps, (error, runId) =>
    telemetry.log.error({ error, runId }, 'A run could not be ended.'),
  );
  const retention = createRetention(config, deps, telemetry);
  const chores = [
    retentionChore(deps, config, rights.activities),
    historyRetentionChore(deps, retention),
    silenceChore({ ...deps, reportTimeout: config.history.historyReportTimeout }, telemetry.log),
  ];
  const kinds = [jobRunKind(deps), jobStaleKind(deps), leases, ...chores, ...(trial.kinds?.(scheduler) ?? [])];
  for (const kind of kinds) scheduler.register(kind);
  telemetry.metrics.gauge('orrery_jobs_stale', 'Jobs whose last success is older than their staleAfter.', () =>
    countStale(stores.own.reader, systemClock.now()),
  );
  const live = createLive({
    feed: stores.log.feed,
    outputs: createOutputLog(db),
    taskEvents: createTaskEventLog(db),
    doorbell: stores.doorbell,
    queueBytes: config.live.maxQueueBytes,
  });
  const jobs = createJobService(deps);
  return {
    rights,
    scheduler,
    retention,
    jobs,
    runs: createRunService(deps),
    history: createHistoryService(deps),
    analysis: createHistoryAnalysis(deps),
    exports: createExportService(deps),
    reports: createReportService({ ...deps, clusters: createClusterDirectory(deps) }),
    clients: createClientService(deps),
    clusters: createClusterService(deps),
    directory: createDirectory({ ...deps, bell: stores.log.bell, silence: config.work.shardLease }),
    live,
  };
}
