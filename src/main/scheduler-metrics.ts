import { MINUTE, SECOND } from '../lib/time.js';
import type { SchedulerMetrics } from '../scheduler/metrics.js';
import type { Metrics } from '../telemetry/metrics.js';

/** The scheduler's counts in the one registry of this process. */
export function schedulerMetrics(metrics: Metrics): SchedulerMetrics {
  const fired = metrics.duration('orrery_fire_lateness_seconds', 'How late background jobs were fired.', ['kind']);
  const missed = metrics.counter('orrery_fire_missed_total', 'Due instants that were missed.', ['kind']);
  const twice = metrics.counter('orrery_fire_refused_twice_total', 'Instants that came up again, not fired twice.', [
    'kind',
  ]);
  const failed = metrics.counter('orrery_fire_failed_total', 'Firings that threw; the background job backs off.', [
    'kind',
  ]);
  const takeovers = metrics.counter('orrery_shard_takeovers_total', 'Shards taken from an owner that was gone.', []);
  const mended = metrics.counter('orrery_scheduler_mended_total', 'Differences that the reconciler mended.', ['what']);
  const fences = metrics.counter('orrery_fence_refused_total', 'Writes refused: their shard has another owner.', []);
  const help = 'Leased work: taken, finished, handed_back, failed, refused (its fence was stale), lost, parked.';
  const work = metrics.counter('orrery_work_total', help, ['kind', 'event']);
  const times = (count: number, once: () => void): void => {
    for (let done = 0; done < count; done += 1) once();
  };
  return {
    fired: (kind, latenessMs) => fired(latenessMs / SECOND, kind),
    missed: (kind, count) => times(Math.min(count, MINUTE), () => missed(kind)),
    refusedTwice: (kind) => twice(kind),
    failed: (kind) => failed(kind),
    tookOver: () => takeovers(),
    mended: (what, count) => times(count, () => mended(what)),
    fenceRefused: () => fences(),
    work: (kind, what) => work(kind, what.replace(' ', '_')),
  };
}
