import { SECOND } from '../lib/time.js';
import type { SchedulerMetrics } from '../scheduler/metrics.js';
import type { Scheduler } from '../scheduler/scheduler.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { ClusterSurvey } from './cluster-survey.js';

/** The scheduler's counts in the one registry of this process. */
export function schedulerMetrics(metrics: Metrics): SchedulerMetrics {
  const fired = metrics.duration('orrery_fire_lateness_seconds', 'How late background jobs were fired.', ['kind']);
  const missed = metrics.total('orrery_fire_missed_total', 'Due instants that were missed.', ['kind']);
  const twice = metrics.counter('orrery_fire_refused_twice_total', 'Instants that came up again, not fired twice.', [
    'kind',
  ]);
  const failed = metrics.counter('orrery_fire_failed_total', 'Firings that threw; the background job backs off.', [
    'kind',
  ]);
  const takeovers = metrics.counter('orrery_shard_takeovers_total', 'Shards taken from an owner that was gone.', []);
  const mended = metrics.total('orrery_scheduler_mended_total', 'Differences that the reconciler mended.', ['what']);
  const refused = 'Writes refused: their shard, or their work, has another owner.';
  const fences = metrics.counter('orrery_fence_refused_total', refused, []);
  const help = 'Leased work: taken, finished, handed_back, failed, refused (its fence was stale), lost, parked.';
  const work = metrics.counter('orrery_work_total', help, ['kind', 'event']);
  return {
    fired: (kind, latenessMs) => fired(latenessMs / SECOND, kind),
    missed: (kind, count) => missed(count, kind),
    refusedTwice: (kind) => twice(kind),
    failed: (kind) => failed(kind),
    tookOver: () => takeovers(),
    mended: (what, count) => mended(count, what),
    fenceRefused: () => fences(),
    work: (kind, what) => work(kind, what.replace(' ', '_')),
  };
}

/** What this engine holds, and how all of them stand; the latter every process tells alike. */
export function clusterGauges(
  metrics: Metrics,
  scheduler: Scheduler,
  survey: () => Promise<ClusterSurvey>,
  doubled: () => Promise<number>,
): void {
  metrics.gauge('orrery_shards_held', 'Shards that this engine owns.', () => scheduler.state().shardsHeld);
  metrics.gauge('orrery_work_held', 'Leased work under way on this engine.', () => scheduler.state().workHeld);
  const all = (name: string, help: string, of: 'live' | 'unassigned' | 'waiting' | 'parked'): void =>
    metrics.gauge(name, help, async () => (await survey())[of]);
  all('orrery_services_live', 'Services that are alive and take work.', 'live');
  all('orrery_background_jobs_unassigned', 'Background jobs that no live service fits.', 'unassigned');
  all('orrery_work_waiting', 'Leased work that waits for an engine.', 'waiting');
  all('orrery_work_parked', 'Leased work that is parked: engines were gone in the middle of it.', 'parked');
  const help = 'Runs of due instants of the last hour beyond one for each instant of a job, counted in SQL: always 0.';
  metrics.gauge('orrery_instants_doubled', help, doubled);
}
