import { AmqpConnection, type AmqpState } from '../amqp/connection.js';
import type { Config } from '../config/config.js';
import { type QueueMetrics, ReportQueue } from '../history/queue/report-queue.js';
import { Suspects } from '../history/queue/suspects.js';
import { systemIds } from '../lib/ids.js';
import { isoText } from '../lib/iso-text.js';
import { SECOND, systemClock } from '../lib/time.js';
import type { PartState } from '../telemetry/health.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Domain, Identity, Telemetry } from './domain.js';
import type { Stores } from './stores.js';

function queueMetrics(metrics: Metrics): QueueMetrics {
  const taken = metrics.counter('orrery_queue_taken_total', 'Messages of reports that were taken in.', ['operation']);
  const refused = metrics.counter('orrery_queue_refused_total', 'Events of messages that were refused.', ['code']);
  const dead = metrics.counter('orrery_queue_dead_total', 'Messages that went to the dead queue.', ['code']);
  const redelivered = metrics.counter('orrery_queue_redelivered_total', 'Messages that were delivered once more.', []);
  const later = metrics.counter('orrery_queue_later_total', 'Messages that were put off, to be tried again.', ['code']);
  return {
    taken: (operation) => taken(operation),
    refused: (code) => refused(code),
    dead: (code) => dead(code),
    redelivered: () => redelivered(),
    later: (code) => later(code),
  };
}

/** Tells of the broker's state in the health; in the log only what is new. */
function teller({ health, log }: Telemetry): (state: AmqpState, reason: unknown) => void {
  let last: AmqpState | undefined;
  return (state, reason) => {
    if (state === 'UP') health.report('rabbitmq', 'UP');
    else if (state === 'AWAY') health.report('rabbitmq', 'DEGRADED', 'away: reports wait until it is back');
    else health.report('rabbitmq', 'DEGRADED', 'short of memory or disk: it takes nothing in');
    if (state === last) return;
    last = state;
    if (state === 'UP') log.info('RabbitMQ is there.');
    else log.warn({ error: reason }, state === 'AWAY' ? 'RabbitMQ is away; trying again.' : 'RabbitMQ is blocked.');
  };
}

/** The queue may stand still for so long before the health says so: most troubles are over by then. */
const SHORT_STANDSTILL = 10 * SECOND;

/** Whether reports are taken. That the database is away is told by its own probe, once. */
async function intakeState(
  queue: ReportQueue,
  askStore: () => Promise<unknown>,
): Promise<'UP' | { state: PartState; detail: string }> {
  const since = queue.standsStillSince;
  if (since === null || systemClock.now() - since < SHORT_STANDSTILL) return 'UP';
  const detail = `none was taken from the queue since ${isoText(since)}, and the database answers: the log says why`;
  return askStore().then(
    () => ({ state: 'DEGRADED', detail }),
    () => 'UP',
  );
}

/** Takes reports from RabbitMQ, where there is one, until the function returned is called and has resolved. */
export function takeReportsFromQueue(
  config: Config,
  stores: Stores,
  domain: Domain,
  identity: Identity,
  telemetry: Telemetry,
): () => Promise<void> {
  const { amqpUrl } = config.stores;
  if (amqpUrl === null) return async () => {};
  const { reportsQueue, reportsDeadQueue, reportsPrefetch, reportsRetryDelay } = config.reports;
  telemetry.health.report('rabbitmq', 'DEGRADED', 'not connected yet: reports wait');
  const askStore = () => stores.own.reader.rows('SELECT last_seq FROM stream_heads LIMIT 1');
  const queue = new ReportQueue(
    {
      connection: new AmqpConnection({ url: amqpUrl, name: `orrery ${identity.name}`, onState: teller(telemetry) }),
      reports: domain.reports,
      askStore,
      suspects: new Suspects(stores.own, systemIds.next('process')),
      ids: systemIds,
      clock: systemClock,
      log: telemetry.log,
      metrics: queueMetrics(telemetry.metrics),
    },
    {
      queue: reportsQueue,
      deadQueue: reportsDeadQueue,
      prefetch: reportsPrefetch,
      retryDelay: reportsRetryDelay,
    },
  );
  telemetry.metrics.gauge('orrery_queue_in_flight', 'Messages of reports that are not acknowledged yet.', () => {
    return queue.inFlight;
  });
  telemetry.health.probe('reports', () => intakeState(queue, askStore));
  queue.start();
  return () => queue.stop(config.server.shutdownTimeout);
}
