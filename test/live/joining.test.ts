import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Feed } from '../../src/events/feed.js';
import { createOutputLog } from '../../src/events/output-log.js';
import { createTaskEventLog } from '../../src/events/task-event-log.js';
import { encodeCursor } from '../../src/live/cursor.js';
import { createExecutions } from '../../src/live/executions.js';
import { createLive } from '../../src/live/hub.js';
import type { LiveOperation } from '../../src/live/operation.js';
import { commit, fact, freshLogStore, type LogStore, type Process, startProcess } from '../events/log-kit.js';
import { clientOf } from './live-kit.js';
import { Subscriber } from './subscriber.js';

const CHANGES = 'subscription ($after: String) { clientChanged(after: $after) { key cursor } }';

/** Turns of the event loop that each slow step takes, one after the other, round and round. */
class Delays {
  readonly #turns: readonly number[];
  #next = 0;

  constructor(turns: readonly number[]) {
    this.#turns = turns;
  }

  async pass(): Promise<void> {
    const turns = this.#turns[this.#next % this.#turns.length] ?? 0;
    this.#next += 1;
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
  }
}

/** The feed, whose reads take their time. */
function slowFeed(feed: Feed, delays: Delays): Feed {
  return {
    epoch: feed.epoch,
    get position() {
      return feed.position;
    },
    listen: (listener) => feed.listen(listener),
    async read(query) {
      const page = await feed.read(query);
      await delays.pass();
      return page;
    },
    bounds: () => feed.bounds(),
    look: () => feed.look(),
    close: () => feed.close(),
  };
}

/** The operation, whose executions take their time. */
const slowOperation = (operation: LiveOperation, delays: Delays): LiveOperation => ({
  ...operation,
  async resolve(event, signal) {
    await delays.pass();
    return operation.resolve(event, signal);
  },
});

type Step =
  | { kind: 'COMMIT'; facts: number }
  | { kind: 'JOIN'; behind: number }
  | { kind: 'LEAVE'; index: number }
  | { kind: 'STALL'; index: number }
  | { kind: 'TURNS'; turns: number };

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ kind: fc.constant('COMMIT' as const), facts: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ kind: fc.constant('JOIN' as const), behind: fc.nat(12) }),
    fc.record({ kind: fc.constant('LEAVE' as const), index: fc.nat(7) }),
    fc.record({ kind: fc.constant('STALL' as const), index: fc.nat(7) }),
    fc.record({ kind: fc.constant('TURNS' as const), turns: fc.integer({ min: 1, max: 12 }) }),
  ),
  { minLength: 15, maxLength: 50, size: 'max' },
);
const delays = fc.array(fc.nat(4), { minLength: 1, maxLength: 7 });

describe('subscribers that join a shared execution', () => {
  let store: LogStore;
  let server: Process;
  beforeAll(async () => {
    store = await freshLogStore('sqlite');
    server = await startProcess(await store.open());
  });
  afterAll(async () => {
    await server.close();
    await store.drop();
  });

  it('get every fact after their cursor once and in order, however slow reading and executing are', async () => {
    const run = async (schedule: readonly Step[], reading: readonly number[], executing: readonly number[]) => {
      const { feed } = server.log;
      const executions = createExecutions();
      const live = createLive({
        feed: slowFeed(feed, new Delays(reading)),
        outputs: createOutputLog(server.db),
        taskEvents: createTaskEventLog(server.db),
        doorbell: server.doorbell,
      });
      const executionDelays = new Delays(executing);
      const start = feed.position;
      const keys: string[] = [];
      const joined: { subscriber: Subscriber; from: number }[] = [];
      const starting: Promise<unknown>[] = [];
      const join = (behind: number): void => {
        const position = Math.max(start, feed.position - behind);
        const after = encodeCursor({ kind: 'events', of: feed.epoch }, position);
        const operation = clientOf(live).operation({ query: CHANGES, variables: { after } });
        const subscriber = new Subscriber();
        joined.push({ subscriber, from: position - start });
        starting.push(subscriber.start(executions, slowOperation(operation, executionDelays)));
      };
      for (const step of schedule) {
        if (step.kind === 'COMMIT') {
          const facts = Array.from({ length: step.facts }, (_, index) => fact('f', keys.length + index));
          keys.push(...facts.map((one) => one.payload.key));
          await commit(server, ...facts);
        } else if (step.kind === 'JOIN') join(step.behind);
        else if (step.kind === 'LEAVE') {
          const [gone] = joined.splice(step.index, 1);
          if (gone) await gone.subscriber.leave();
        } else if (step.kind === 'STALL') joined[step.index]?.subscriber.stall();
        else for (let turn = 0; turn < step.turns; turn += 1) await nextTurn();
      }
      await Promise.all(starting);
      await feed.look();
      for (const { subscriber, from } of joined) {
        subscriber.letGo();
        await subscriber.until(keys.length - from);
      }
      await nextTurn();
      for (const { subscriber, from } of joined) {
        expect(subscriber.values('clientChanged', 'key')).toEqual(keys.slice(from));
        await subscriber.leave();
      }
    };
    await fc.assert(fc.asyncProperty(steps, delays, delays, run), { numRuns: 60, endOnFailure: true });
  });
});
