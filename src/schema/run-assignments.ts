import type { ClientRow } from '../entities/client.js';
import type { LoggedEvent } from '../events/topics.js';
import type { LiveStream } from '../live/stream.js';
import type { SchemaContext } from './context.js';

/** Something for an agent to do. */
export interface Assignment {
  cursor: string;
  runId: string;
  abort: boolean;
}

/**
 * What an agent is to do: without a cursor first everything that is open, then each fact as it comes. The facts are
 * listened to before the open work is read, so that nothing falls in between; what comes twice is claimed once.
 */
class Assignments implements AsyncIterableIterator<Assignment> {
  readonly #context: SchemaContext;
  readonly #client: ClientRow;
  readonly #stream: LiveStream<LoggedEvent<'runAssigned'>>;
  readonly #facts: AsyncIterator<LoggedEvent<'runAssigned'>>;
  readonly #leave: () => void;
  #open: Assignment[] | null;

  constructor(context: SchemaContext, client: ClientRow, after: string | null) {
    const { live, clients } = context.services;
    this.#context = context;
    this.#client = client;
    this.#stream = live.events({
      topics: ['runAssigned'],
      accept: ({ project, payload }) => payload.clientKey === client.key && project === client.project,
      after,
      signal: context.signal,
    });
    this.#facts = this.#stream[Symbol.asyncIterator]();
    this.#open = after === null ? null : [];
    this.#leave = clients.presence.enter(client.id);
    context.signal.addEventListener('abort', this.#leave, { once: true });
  }

  async next(): Promise<IteratorResult<Assignment>> {
    this.#open ??= await this.#readOpen();
    const waiting = this.#open.shift();
    if (waiting) return { done: false, value: waiting };
    const fact = await this.#facts.next();
    if (fact.done) return this.#end();
    const { runId, abort } = fact.value.payload;
    return { done: false, value: { cursor: this.#context.services.live.cursorOf(fact.value), runId, abort } };
  }

  async return(): Promise<IteratorResult<Assignment>> {
    await this.#facts.return?.();
    return this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): IteratorResult<Assignment> {
    this.#leave();
    this.#context.signal.removeEventListener('abort', this.#leave);
    return { done: true, value: undefined };
  }

  async #readOpen(): Promise<Assignment[]> {
    const cursor = this.#stream.cursorAt(this.#stream.reached);
    const { project, key } = this.#client;
    const runs = await this.#context.services.runs.openWork({ project, key });
    return runs.map((run) => ({ cursor, runId: run.id, abort: run.state === 'RUNNING' }));
  }
}

/** An agent's work, for the subscription `runAssigned`. While it is iterated the client counts as connected. */
export function assignments(
  context: SchemaContext,
  client: ClientRow,
  after: string | null,
): AsyncIterableIterator<Assignment> {
  return new Assignments(context, client, after);
}
