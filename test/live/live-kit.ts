import { insertRows } from '../../src/db/write.js';
import { RunOutputEntity } from '../../src/entities/run.js';
import { outputChannel } from '../../src/events/outbox.js';
import { createOutputLog } from '../../src/events/output-log.js';
import { createTaskEventLog } from '../../src/events/task-event-log.js';
import { createLive, type Live } from '../../src/live/hub.js';
import type { LiveOperation } from '../../src/live/operation.js';
import type { Process } from '../events/log-kit.js';
import { liveOperation, type TestContext, type TestOperation } from './live-schema.js';

/** The hub of one process. */
export function hubOf(process: Process, queueBytes?: number): Live {
  const { db, doorbell, log } = process;
  return createLive({
    feed: log.feed,
    outputs: createOutputLog(db),
    taskEvents: createTaskEventLog(db),
    doorbell,
    ...(queueBytes ? { queueBytes } : {}),
  });
}

/** A run's output as an agent appends it. */
export class RunLog {
  readonly id: string;
  ended = false;
  readonly #process: Process;
  #position = 0;

  constructor(process: Process, id: string) {
    this.#process = process;
    this.id = id;
  }

  async append(...texts: string[]): Promise<void> {
    const rows = texts.map((text) => {
      this.#position += 1;
      const sequence = this.#position;
      return {
        runId: this.id,
        position: sequence,
        taskId: `task_${this.id}`,
        attempt: 1,
        sequence,
        stream: 'STDOUT' as const,
        text,
        bytesBefore: 0,
        linesBefore: sequence - 1,
        cutBytes: 0,
        cutLines: 0,
        at: 0,
      };
    });
    const { db, outbox } = this.#process;
    await db.transaction(async (tx) => {
      await insertRows(tx, RunOutputEntity, rows);
      outbox.ringAfterCommit(tx, outputChannel(this.id));
    });
  }

  end(): void {
    this.ended = true;
    this.#process.doorbell.ring(outputChannel(this.id));
  }
}

/** Operations of the test schema on one process's hub. */
export interface Client {
  context: Omit<TestContext, 'signal'>;
  operation(request: TestOperation): LiveOperation;
}

export function clientOf(live: Live, viewer = 'me', isEnded = async (): Promise<boolean> => false): Client {
  const context = { live, viewer, isEnded, executed: { count: 0 } };
  return { context, operation: (request) => liveOperation(context, request) };
}
