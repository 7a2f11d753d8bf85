import { payloadOf } from '@orrery/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migratedDatabase } from '../kit/migrated.js';
import { ServerProcess } from '../kit/server-process.js';
import { describeWithStores, type FreshStore } from '../kit/stores.js';
import { type LiveField, ResumeReader, type Told, type Transport } from './resume-reader.js';

const WRITERS = 10;
const READERS: readonly Transport[] = ['SDK', 'SSE', 'SDK', 'SSE'];
const SOON = { timeout: 60_000, interval: 10 };

interface Change extends Told {
  readonly key: string;
}

const CHANGES: LiveField<Change> = {
  query: 'subscription ($after: String) { jobStatusChanged(after: $after) { key cursor } }',
  variables: {},
  async *follow(sdk, after, signal) {
    for await (const { jobStatusChanged } of sdk.jobStatusChanged({ after }, signal)) yield jobStatusChanged;
  },
};

const keysOf = ({ told }: ResumeReader<Change>): string[] => told.map(({ key }) => key);

type Step =
  | { readonly kind: 'WRITE'; readonly writer: number; readonly jobs: number }
  | { readonly kind: 'MOVE'; readonly reader: number }
  | { readonly kind: 'SETTLE' };

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ kind: fc.constant('WRITE' as const), writer: fc.nat(WRITERS - 1), jobs: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('WRITE' as const), writer: fc.nat(WRITERS - 1), jobs: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('MOVE' as const), reader: fc.nat(READERS.length - 1) }),
  fc.record({ kind: fc.constant('SETTLE' as const) }),
);

describeWithStores('resume by cursor over two server processes', ['mysql'], () => {
  let store: FreshStore;
  let servers: [ServerProcess, ServerProcess];
  let jobs = 0;

  beforeAll(async () => {
    store = await migratedDatabase('mysql');
    const start = (name: string) => ServerProcess.start({ databaseUrl: store.url, name });
    servers = await Promise.all([start('a'), start('b')]);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.end('SIGKILL')));
    await store.drop();
  });

  const serverOf = (number: number): ServerProcess => servers[number % 2 === 0 ? 0 : 1];

  async function create(sdk: ReturnType<ServerProcess['sdk']>): Promise<string> {
    jobs += 1;
    const input = { key: `job-${jobs}`, clientId: 'nobody', project: 'default' };
    return payloadOf((await sdk.jobCreate({ input })).jobCreate).job.key;
  }

  /** The cursor of the newest change. */
  async function newest(): Promise<string> {
    const reader = new ResumeReader(CHANGES, null);
    reader.connect('SDK', servers[0]);
    const sdk = servers[0].sdk();
    const heard = async (): Promise<number> => {
      await create(sdk);
      return reader.told.length;
    };
    await expect.poll(heard, SOON).toBeGreaterThan(0);
    // More than one job may have been made meanwhile: the one made last is the newest.
    const last = await create(sdk);
    await expect.poll(() => keysOf(reader), SOON).toContain(last);
    reader.disconnect();
    return reader.told.at(-1)?.cursor ?? '';
  }

  async function run(steps: readonly Step[]): Promise<void> {
    const start = await newest();
    const readers = READERS.map(() => new ResumeReader(CHANGES, start));
    const moves = READERS.map((_, index) => index);
    const writers = Array.from({ length: WRITERS }, (_, index) => serverOf(index).sdk());
    const queues = writers.map(() => Promise.resolve());
    const made: string[] = [];
    const move = (index: number): void => {
      readers[index]?.connect(READERS[index] ?? 'SDK', serverOf(moves[index] ?? 0));
      moves[index] = (moves[index] ?? 0) + 1;
    };
    const write = async (index: number, count: number): Promise<void> => {
      const sdk = writers[index];
      for (let number = 0; sdk && number < count; number += 1) made.push(await create(sdk));
    };
    for (const index of READERS.keys()) move(index);
    for (const one of steps) {
      if (one.kind === 'MOVE') move(one.reader);
      else if (one.kind === 'WRITE')
        queues[one.writer] = (queues[one.writer] ?? Promise.resolve()).then(() => write(one.writer, one.jobs));
      else await Promise.race(queues);
    }
    await Promise.all(queues);
    for (const reader of readers) await expect.poll(() => reader.told.length, SOON).toBeGreaterThanOrEqual(made.length);
    for (const reader of readers) {
      reader.disconnect();
      expect(keysOf(reader).toSorted()).toEqual(made.toSorted());
      expect(keysOf(reader)).toEqual(keysOf(readers[0] ?? reader));
    }
  }

  it('every reader is told everything once and in one order, whatever server it comes back to', async () => {
    const schedules = fc.array(step, { minLength: 15, maxLength: 40, size: 'max' });
    await fc.assert(fc.asyncProperty(schedules, run), { numRuns: 6, endOnFailure: true });
  }, 180_000);
});
