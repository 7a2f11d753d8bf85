import { AmqpConnection } from '../../src/amqp/connection.js';
import type { ReportService } from '../../src/history/intake/report-service.js';
import { ReportQueue } from '../../src/history/queue/report-queue.js';
import { Suspects } from '../../src/history/queue/suspects.js';
import { systemIds } from '../../src/lib/ids.js';
import { silentLogger } from '../../src/telemetry/logger.js';
import type { Broker } from '../kit/broker.js';
import type { World } from '../kit/world.js';

/** What takes reports from the broker's queues into a world, as one process does. */
export interface QueueServer {
  readonly queue: ReportQueue;
  readonly connection: AmqpConnection;
  /** What the queue counted, as `taken transactionStart`. */
  readonly counted: readonly string[];
}

/** A process that takes reports; `reports`, where given, stands in for the world's own. */
export function queueServer(
  world: World,
  broker: Broker,
  reports: ReportService = world.services.reports,
  prefetch = 16,
): QueueServer {
  const counted: string[] = [];
  const count = (what: string) => (code: string) => void counted.push(`${what} ${code}`);
  const connection = new AmqpConnection({ url: broker.url, name: 'test' });
  const queue = new ReportQueue(
    {
      connection,
      reports,
      askStore: () => world.db.now(),
      suspects: new Suspects(world.db, systemIds.next('process')),
      ids: systemIds,
      clock: world.clock,
      log: silentLogger,
      metrics: {
        taken: count('taken'),
        refused: count('refused'),
        dead: count('dead'),
        later: count('later'),
        redelivered: () => void counted.push('redelivered'),
      },
    },
    { queue: broker.queue, deadQueue: broker.deadQueue, prefetch, retryDelay: 100 },
  );
  return { queue, connection, counted };
}
