import { setTimeout as pause } from 'node:timers/promises';
import type { AmqpConnection } from '../../amqp/connection.js';
import { Consumer, type Delivery } from '../../amqp/consumer.js';
import { type Envelope, NotConfirmed, Publisher } from '../../amqp/publisher.js';
import { provideQueue } from '../../amqp/queues.js';
import type { Actor, Ctx } from '../../auth/actor.js';
import type { IdSource } from '../../lib/ids.js';
import { type Clock, SECOND } from '../../lib/time.js';
import type { Logger } from '../../telemetry/logger.js';
import { type Message, type Operation, readMessage } from '../intake/message.js';
import type { Refusal } from '../intake/refusal.js';
import type { ReportService } from '../intake/report-service.js';
import { Gate } from './gate.js';
import { Lanes } from './lanes.js';
import { deadEnvelope, laterEnvelope, refusedLetter, triesOf, withoutSenders } from './letters.js';
import { Load } from './load.js';
import { Standstill } from './standstill.js';
import { type Suspects, suspectId } from './suspects.js';
import { type Reason, type Verdict, verdictOf } from './verdict.js';

/** What is counted of the queue. */
export interface QueueMetrics {
  taken(operation: Operation): void;
  /** Events of a report that was taken in, by the code of their refusal. */
  refused(code: string): void;
  dead(code: string): void;
  /** Messages that came once more: the acknowledgement had not come through. */
  redelivered(): void;
  /** Messages that were put off. */
  later(code: string): void;
}

export interface ReportQueueOptions {
  readonly queue: string;
  readonly deadQueue: string;
  /** How many messages are delivered ahead of their acknowledgement. */
  readonly prefetch: number;
  /** Milliseconds after which a message is tried again that something else may still be missing for. */
  readonly retryDelay: number;
}

/** What the queue stands on. */
export interface ReportQueueParts {
  readonly connection: AmqpConnection;
  readonly reports: ReportService;
  /** Rejects while the database is away. */
  readonly askStore: () => Promise<unknown>;
  /** Counts the attempts at messages that came again. */
  readonly suspects: Suspects;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: QueueMetrics;
}

/** Whoever may publish to the queue reports with these rights: the broker's own decide who that is. */
const ACTOR: Actor = {
  id: 'amqp',
  name: 'amqp',
  userId: 'amqp',
  role: 'OPERATOR',
  project: null,
  clientKey: null,
  rightsKey: 'amqp',
  expiresAt: null,
};

/** Messages that are taken in at once: clients of the API want connections to the database as well. */
const WIDTH = 4;
/** How often a message is put off before it counts as one that can never be taken in. */
const MOST_TRIES = 15;
/** What the server failed over is put off so many times for as long as the others, and then for so much longer. */
const QUICK_TRIES = 5;
const SLOWER = 5;
/** Bytes of the messages in work: what is made of one has several times its size. */
const MOST_BYTES = 32 * 1024 * 1024;
/** So many processes may die of a message that they took in alone. */
const MOST_DEATHS = 3;
/** The dead are dropped from the oldest on beyond these, so that nobody fills the broker's disk with them. */
const MOST_DEAD = 10_000;
const MOST_DEAD_BYTES = 1024 * 1024 * 1024;

const DEADLY: Reason = {
  code: 'SERVER_DIED',
  message: `${MOST_DEATHS} servers that took this message in alone died before they were done with it.`,
  issues: [],
};

/** Messages of one deployment go one after the other. */
const laneOf = ({ operation, input }: Message): string => {
  if (operation === 'transactionStart' || input.externalId != null) return `external ${input.externalId}`;
  return `id ${input.transactionId}`;
};

/** The queue of reports from outside: each message is acknowledged once what it tells is committed, or it is buried. */
export class ReportQueue {
  readonly #parts: ReportQueueParts;
  readonly #options: ReportQueueOptions;
  readonly #publisher = new Publisher();
  readonly #consumer: Consumer;
  readonly #lanes = new Lanes(WIDTH);
  /** A message that came again is tried alone, so that no other is blamed for what it does. */
  readonly #gate = new Gate();
  readonly #load: Load;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #standstill: Standstill;

  constructor(parts: ReportQueueParts, options: ReportQueueOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#consumer = new Consumer({
      queue: options.queue,
      prefetch: options.prefetch,
      take: (delivery) => this.#begin(delivery),
      onCancelled: () => parts.connection.renew(new Error('The broker ended the consumption of reports.')),
    });
    this.#standstill = new Standstill({ ...parts, consumer: this.#consumer });
    this.#load = new Load(this.#consumer, MOST_BYTES);
  }

  /** Messages that were delivered and are not acknowledged yet. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Begins to take messages, as soon as the broker is there. */
  start(): void {
    const { connection } = this.#parts;
    const { queue, deadQueue } = this.#options;
    const maxima = { 'x-max-length': MOST_DEAD, 'x-max-length-bytes': MOST_DEAD_BYTES, 'x-overflow': 'drop-head' };
    connection.use(async (model) => {
      await provideQueue(model, { name: queue });
      await provideQueue(model, { name: deadQueue, arguments: maxima });
      const back = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue };
      // Two, because RabbitMQ takes what has expired from the head of a queue alone.
      await provideQueue(model, { name: this.#waitQueue, arguments: back });
      await provideQueue(model, { name: this.#slowQueue, arguments: back });
    });
    connection.use(this.#publisher.attach);
    connection.use(this.#consumer.attach);
    connection.open();
  }

  /** Takes no more messages, lets those under way end for so many milliseconds, and closes the connection. */
  async stop(patience: number): Promise<void> {
    this.#standstill.stop();
    const orderly = async (): Promise<void> => {
      await this.#consumer.halt('stopping').catch(() => {});
      while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
      await this.#publisher.close();
      await this.#consumer.close();
    };
    await Promise.race([orderly(), pause(patience, undefined, { ref: false })]);
    await this.#parts.connection.close(SECOND);
  }

  /** Since when nothing is taken, in epoch milliseconds; null: messages are taken. */
  get standsStillSince(): number | null {
    return this.#standstill.since;
  }

  get #waitQueue(): string {
    return `${this.#options.queue}.wait`;
  }

  get #slowQueue(): string {
    return `${this.#waitQueue}.slow`;
  }

  #begin(delivery: Delivery): void {
    if (!this.#load.admits(delivery)) return;
    if (delivery.redelivered) this.#parts.metrics.redelivered();
    const work = (): Promise<void> => (delivery.redelivered ? this.#takeAgain(delivery) : this.#take(delivery));
    const passed = delivery.redelivered ? this.#gate.alone(work) : this.#gate.together(work);
    const done = passed
      .catch((error: unknown) => this.#stumble(delivery, error))
      .finally(() => {
        this.#load.leave(delivery.body.length);
        this.#inFlight.delete(done);
      });
    this.#inFlight.add(done);
  }

  /**
   * Takes a message that was delivered before. Who had it may have died of it: the attempt is counted before it is made,
   * and after three that were not survived nobody makes another.
   */
  async #takeAgain(delivery: Delivery): Promise<void> {
    if (!delivery.isOpen() || this.#standstill.isOn) return this.#take(delivery);
    const { suspects, clock, log } = this.#parts;
    const id = suspectId(delivery.body);
    const tries = await suspects.begin(id, clock.now());
    try {
      if (tries <= MOST_DEATHS) await this.#take(delivery);
      else await this.#bury(delivery, DEADLY);
    } finally {
      await suspects.end(id).catch((error: unknown) => log.warn({ error }, 'An attempt at a message stays counted.'));
    }
  }

  async #take(delivery: Delivery): Promise<void> {
    if (!delivery.isOpen()) return;
    if (this.#standstill.isOn) {
      await this.#giveBack(delivery);
      return;
    }
    const message = readMessage(delivery.body);
    if (!('fault' in message)) {
      await this.#lanes.run(laneOf(message), () => this.#process(delivery, message));
      return;
    }
    await this.#bury(delivery, { code: message.fault, message: message.message, issues: message.issues });
  }

  /** Takes one message in. Throws what is our trouble, or the broker's: the message is then delivered again. */
  async #process(delivery: Delivery, message: Message): Promise<void> {
    if (!delivery.isOpen()) return;
    if (this.#standstill.isOn) {
      await this.#giveBack(delivery);
      return;
    }
    let refused: readonly Refusal[];
    try {
      refused = await this.#perform(message);
    } catch (error) {
      await this.#judge(delivery, message, error);
      return;
    }
    this.#standstill.wentOn();
    if (refused.length > 0 && message.operation === 'transactionReport') {
      const { body, envelope } = refusedLetter(delivery, message.input, refused, this.#parts.clock.now());
      await this.#publish(this.#options.deadQueue, body, envelope);
      for (const { code } of refused) this.#parts.metrics.refused(code);
    }
    if (delivery.acknowledge()) this.#parts.metrics.taken(message.operation);
  }

  /** Returns the events that were refused. */
  async #perform({ operation, input }: Message): Promise<readonly Refusal[]> {
    const { reports, ids } = this.#parts;
    const ctx: Ctx = { actor: ACTOR, requestId: ids.next('amqp'), origin: { via: 'AMQP', address: null } };
    if (operation === 'transactionReport') return (await reports.report(ctx, input)).refused;
    if (operation === 'transactionStart') await reports.start(ctx, input);
    else await reports.end(ctx, input);
    return [];
  }

  async #judge(delivery: Delivery, { operation }: Message, error: unknown): Promise<void> {
    const verdict = verdictOf(error);
    if (verdict.kind === 'OURS' || (verdict.kind === 'DOUBTFUL' && !(await this.#isItsOwn(delivery)))) throw error;
    const { reason } = verdict;
    if (verdict.kind === 'DOUBTFUL' || reason.code === 'INTERNAL') {
      this.#parts.log.error({ error, operation }, 'A message could not be taken in.');
    }
    if (verdict.kind === 'DEAD' || triesOf(delivery) >= MOST_TRIES) await this.#bury(delivery, reason);
    else await this.#putOff(delivery, verdict.kind, reason);
  }

  /**
   * Whether the store fails over this message alone: it came again, was tried alone then, and the store answers. Else
   * one such message would hold up all others for ever.
   */
  async #isItsOwn(delivery: Delivery): Promise<boolean> {
    if (!delivery.redelivered && triesOf(delivery) === 0) return false;
    return this.#parts.askStore().then(
      () => true,
      () => false,
    );
  }

  async #putOff(delivery: Delivery, kind: Verdict['kind'], { code }: Reason): Promise<void> {
    const { retryDelay } = this.#options;
    const isSlow = kind === 'DOUBTFUL' && triesOf(delivery) >= QUICK_TRIES;
    const [queue, delay] = isSlow ? [this.#slowQueue, SLOWER * retryDelay] : [this.#waitQueue, retryDelay];
    await this.#publish(queue, delivery.body, laterEnvelope(delivery, delay));
    delivery.acknowledge();
    this.#standstill.wentOn();
    this.#parts.metrics.later(code);
  }

  async #bury(delivery: Delivery, reason: Reason): Promise<void> {
    const { log, metrics, clock } = this.#parts;
    const { deadQueue } = this.#options;
    await this.#publish(deadQueue, delivery.body, deadEnvelope(delivery, reason, clock.now()));
    delivery.acknowledge();
    this.#standstill.wentOn();
    metrics.dead(reason.code);
    const { messageId } = delivery.properties;
    log.warn({ code: reason.code, reason: reason.message, messageId, deadQueue }, 'A message was buried.');
  }

  async #publish(queue: string, body: Buffer, envelope: Envelope): Promise<void> {
    try {
      await this.#publisher.publish(queue, body, envelope);
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
      await this.#publisher.publish(queue, body, withoutSenders(envelope));
    }
  }

  /** The message stays in the queue, and nothing more is taken until what is wrong is over. */
  async #stumble(delivery: Delivery, error: unknown): Promise<void> {
    // A connection that broke brings its messages again by itself.
    if (!delivery.isOpen()) return;
    this.#standstill.begin(error);
    if (error instanceof NotConfirmed) this.#parts.connection.renew(error);
    await this.#giveBack(delivery);
  }

  /** Gives a message back when no more come: it would be here again at once. */
  async #giveBack(delivery: Delivery): Promise<void> {
    await this.#standstill.isComplete();
    delivery.giveBack();
  }
}
