import { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type ChannelModel, connect } from 'amqplib';
import { MINUTE, SECOND } from '../lib/time.js';

/** Whether the broker can be reached. `BLOCKED`: it takes nothing in, being short of memory or disk. */
export type AmqpState = 'UP' | 'AWAY' | 'BLOCKED';

export interface AmqpOptions {
  /** `amqp://user:password@host:port/vhost`, or `amqps://...`. */
  readonly url: string;
  /** What the broker's tools show the connection as. */
  readonly name: string;
  /** Told when the broker goes and comes, with the reason where there is one. */
  readonly onState?: (state: AmqpState, reason: unknown) => void;
}

/** What uses the connection: called after each connect, and given up with the connection. */
export type AmqpUser = (model: ChannelModel) => Promise<void>;

/** Seconds between heartbeats: a broker that is silent for two of them counts as gone. */
const HEARTBEAT = 10;
/** Milliseconds a broker has to answer while the connection is made. */
const PATIENCE = 10 * SECOND;
const SHORTEST_WAIT = 100;
const LONGEST_WAIT = MINUTE / 4;

/** The URL with our heartbeat, unless it names its own. */
function withHeartbeat(url: string): string {
  const changed = new URL(url);
  if (!changed.searchParams.has('heartbeat')) changed.searchParams.set('heartbeat', String(HEARTBEAT));
  return changed.href;
}

/**
 * Ends the socket under a connection, whatever state that is in: a peer that is gone answers no farewell. With an error,
 * because amqplib takes no notice of a socket that is merely closed.
 */
function destroy({ connection }: ChannelModel, reason: Error): void {
  if ('stream' in connection && connection.stream instanceof Duplex) connection.stream.destroy(reason);
}

/**
 * One connection to RabbitMQ that is made again whenever it breaks, by a back-off of 0.1 to 15 s. All that fails on it
 * ends it: its users then begin anew on the next one, so that there is one way to recover.
 */
export class AmqpConnection {
  readonly #options: AmqpOptions;
  readonly #users: AmqpUser[] = [];
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;
  #model: ChannelModel | undefined;
  #state: AmqpState = 'AWAY';
  /** Attempts since the connection last served. */
  #failures = 0;

  constructor(options: AmqpOptions) {
    this.#options = options;
  }

  get state(): AmqpState {
    return this.#state;
  }

  /** Adds a user, before the connection is opened. They are called one after the other. */
  use(user: AmqpUser): void {
    this.#users.push(user);
  }

  /** Begins to connect, in the background. */
  open(): void {
    this.#running ??= this.#run();
  }

  /** Ends the connection that is there, for this reason: the users begin anew on the next one. */
  renew(reason: Error): void {
    if (this.#model) destroy(this.#model, reason);
  }

  /** Says farewell, waits for the answer at most `patience` milliseconds, and connects no more. */
  async close(patience: number): Promise<void> {
    this.#ending.abort();
    const model = this.#model;
    const farewell = Promise.all([model?.close().catch(() => {}), this.#running]);
    await Promise.race([farewell, pause(patience, undefined, { ref: false })]);
    if (model) destroy(model, new Error('The connection is closed.'));
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      this.#tell('AWAY', await this.#serve());
      this.#failures += 1;
      const longest = Math.min(SHORTEST_WAIT * 2 ** this.#failures, LONGEST_WAIT);
      await pause(longest * (0.5 + Math.random() / 2), undefined, { ref: false, signal }).catch(() => {});
    }
  }

  /** Serves one connection from its beginning to its end; resolves with what ended it. */
  async #serve(): Promise<unknown> {
    let failure: unknown;
    let model: ChannelModel | undefined;
    try {
      model = await connect(withHeartbeat(this.#options.url), {
        timeout: PATIENCE,
        noDelay: true,
        keepAlive: true,
        clientProperties: { connection_name: this.#options.name },
      });
      model.on('error', (error) => {
        failure ??= error;
      });
      model.on('blocked', (reason) => this.#tell('BLOCKED', reason));
      model.on('unblocked', () => this.#tell('UP'));
      const ended = new Promise<unknown>((resolve) => model?.once('close', resolve));
      this.#model = model;
      this.#ending.signal.throwIfAborted();
      for (const user of this.#users) await user(model);
      this.#failures = 0;
      this.#tell(this.#state === 'BLOCKED' ? 'BLOCKED' : 'UP');
      failure = (await ended) ?? failure;
    } catch (error) {
      failure ??= error;
    }
    this.#model = undefined;
    if (model) destroy(model, new Error('The connection is given up.'));
    return failure;
  }

  #tell(state: AmqpState, reason: unknown = null): void {
    this.#state = state;
    if (!this.#ending.signal.aborted) this.#options.onState?.(state, reason);
  }
}
