import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect } from 'vitest';
import { readLog } from '../../src/events/log.js';
import { encodeCursor } from '../../src/live/cursor.js';
import { commit, fact, type HeldTransaction, holdOpen } from '../events/log-kit.js';
import { type Node, Reader, TRANSPORTS, type Transport } from './readers.js';

const WRITERS = 10;
const READERS = 3;

type Action =
  | { kind: 'COMMIT'; writer: number; facts: number }
  | { kind: 'HOLD'; writer: number }
  | { kind: 'RELEASE'; writer: number }
  | { kind: 'CONNECT'; reader: number; node: number; transport: Transport }
  | { kind: 'DISCONNECT'; reader: number }
  | { kind: 'TURNS'; turns: number };

const writer = fc.nat(WRITERS - 1);
const reader = fc.nat(READERS - 1);
const action = fc.oneof<fc.Arbitrary<Action>[]>(
  fc.record({ kind: fc.constant('COMMIT' as const), writer, facts: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('COMMIT' as const), writer, facts: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('HOLD' as const), writer }),
  fc.record({ kind: fc.constant('RELEASE' as const), writer }),
  fc.record({
    kind: fc.constant('CONNECT' as const),
    reader,
    node: fc.nat(1),
    transport: fc.constantFrom(...TRANSPORTS),
  }),
  fc.record({ kind: fc.constant('DISCONNECT' as const), reader }),
  fc.record({ kind: fc.constant('TURNS' as const), turns: fc.integer({ min: 1, max: 30 }) }),
);

/** Random schedules of writers, held transactions, readers and reconnects. */
export const schedules = fc.array(action, { minLength: 20, maxLength: 100, size: 'max' });

/** One schedule as it runs on two server processes. */
class Run {
  readonly #nodes: readonly [Node, Node];
  readonly #concurrent: boolean;
  readonly #held = new Map<number, HeldTransaction>();
  readonly #commits: Promise<void>[] = [];
  readonly #readers: Reader[];
  #marks = 0;

  /** `concurrent`: whether transactions may be open beside each other (SQLite lets one through at a time). */
  constructor(nodes: readonly [Node, Node], concurrent: boolean, start: string) {
    this.#nodes = nodes;
    this.#concurrent = concurrent;
    this.#readers = Array.from({ length: READERS }, () => new Reader(start));
  }

  async do(step: Action): Promise<void> {
    if (step.kind === 'COMMIT') this.#commit(step.writer, step.facts);
    else if (step.kind === 'HOLD') await this.#hold(step.writer);
    else if (step.kind === 'RELEASE') this.#release(step.writer);
    else if (step.kind === 'CONNECT') this.#readers[step.reader]?.connect(step.transport, this.#nodeOf(step.node));
    else if (step.kind === 'DISCONNECT') this.#readers[step.reader]?.disconnect();
    else for (let turn = 0; turn < step.turns; turn += 1) await nextTurn();
  }

  #nodeOf(number: number): Node {
    return this.#nodes[number % 2 === 0 ? 0 : 1];
  }

  #commit(number: number, facts: number): void {
    const all = Array.from({ length: facts }, () => this.#fact(number));
    this.#commits.push(commit(this.#nodeOf(number).process, ...all));
  }

  #fact(number: number) {
    this.#marks += 1;
    return fact(`writer ${number}`, this.#marks);
  }

  /** Writes a fact whose id is older than what others commit before it. */
  async #hold(number: number): Promise<void> {
    if (this.#held.has(number)) return;
    const { process } = this.#nodeOf(number);
    const held = holdOpen(process.db, (tx) => process.outbox.append(tx, this.#fact(number)));
    this.#held.set(number, held);
    if (this.#concurrent) await held.written;
  }

  #release(number: number): void {
    const held = this.#held.get(number);
    this.#held.delete(number);
    if (held) this.#commits.push(held.commit());
  }

  /** Commits what is open, and lets every reader read to the end. */
  async finish(from: number): Promise<void> {
    for (const number of [...this.#held.keys()]) this.#release(number);
    await Promise.all(this.#commits);
    await Promise.all(this.#nodes.map(({ process }) => process.log.feed.look()));
    const { db, log } = this.#nodes[0].process;
    const limit = 10_000;
    const { events } = await readLog(db.reader, { after: from, upTo: log.feed.position, limit });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => from + index + 1));
    expect(events).toHaveLength(this.#marks);
    const expected = events.map((event) => ('key' in event.payload ? event.payload.key : ''));
    for (const [index, one] of this.#readers.entries()) {
      one.connect(TRANSPORTS[index % TRANSPORTS.length] ?? 'HUB', this.#nodeOf(index));
      await one.until(expected.length);
      expect(one.keys).toEqual(expected);
    }
    for (const one of this.#readers) one.disconnect();
  }
}

/** Runs one schedule: every reader sees every fact after its first cursor once, in the order of the log. */
export async function runSchedule(
  nodes: readonly [Node, Node],
  steps: readonly Action[],
  concurrent: boolean,
): Promise<void> {
  const { feed } = nodes[0].process.log;
  await feed.look();
  const from = feed.position;
  const run = new Run(nodes, concurrent, encodeCursor({ kind: 'events', of: feed.epoch }, from));
  for (const step of steps) await run.do(step);
  await run.finish(from);
}
