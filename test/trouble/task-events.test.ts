import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { migratedDatabase } from '../kit/migrated.js';
import { ADMIN_TOKEN } from '../kit/server.js';
import { ServerProcess } from '../kit/server-process.js';
import { type DatabaseKind, storeKinds } from '../kit/stores.js';
import { type LiveField, ResumeReader, type Told, type Transport } from './resume-reader.js';

// Real processes.
vi.setConfig({ testTimeout: 180_000 });

const REPORTERS = 10;
const READERS: readonly Transport[] = ['SDK', 'SSE', 'SDK', 'SSE'];
const SOON = { timeout: 60_000, interval: 10 };
const STATUSES = ['running', 'ready', 'error'] as const;

const QUERY = `subscription ($transactionId: ID!, $after: String) {
  taskEventAppended(transactionId: $transactionId, after: $after) { cursor seq reportId status task { nodeId } } }`;

interface Recorded extends Told {
  readonly seq: number;
  readonly reportId: string;
  readonly status: string;
  readonly task?: { readonly nodeId?: string | null } | null;
}

const recordOf = (transactionId: string): LiveField<Recorded> => ({
  query: QUERY,
  variables: { transactionId },
  async *follow(sdk, after, signal) {
    for await (const { taskEventAppended } of sdk.taskEventAppended({ transactionId, after }, signal)) {
      yield taskEventAppended;
    }
  },
});

/** What an event says, for comparison: report, status and node. */
const saying = (reportId: string, status: string, nodeId: string): string => `${reportId} ${status} ${nodeId}`;

const sayings = ({ told }: ResumeReader<Recorded>): string[] =>
  told.map(({ reportId, status, task }) => saying(reportId, status, task?.nodeId ?? ''));

type Step =
  | { readonly kind: 'REPORT'; readonly reporter: number; readonly events: readonly number[]; readonly twice: boolean }
  | { readonly kind: 'MOVE'; readonly reader: number }
  | { readonly kind: 'SETTLE' };

const report = fc.record({
  kind: fc.constant('REPORT' as const),
  reporter: fc.nat(REPORTERS - 1),
  events: fc.array(fc.nat(STATUSES.length - 1), { minLength: 1, maxLength: 8 }),
  twice: fc.boolean(),
});
const step = fc.oneof<fc.Arbitrary<Step>[]>(
  report,
  report,
  report,
  fc.record({ kind: fc.constant('MOVE' as const), reader: fc.nat(READERS.length - 1) }),
  fc.record({ kind: fc.constant('SETTLE' as const) }),
);

/** The servers of one store: two on MariaDB; SQLite has one. */
interface Servers {
  readonly all: readonly [ServerProcess, ServerProcess];
  stop(): Promise<void>;
}

async function startServers(store: DatabaseKind): Promise<Servers> {
  if (store === 'sqlite') {
    const dataDir = await mkdtemp(join(tmpdir(), 'orrery-record-'));
    const only = await ServerProcess.start({ dataDir, localAgent: 'false' });
    const stop = async (): Promise<void> => {
      await only.end('SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    };
    return { all: [only, only], stop };
  }
  const database = await migratedDatabase(store);
  const start = (name: string) => ServerProcess.start({ databaseUrl: database.url, name });
  const all = await Promise.all([start('a'), start('b')]);
  const stop = async (): Promise<void> => {
    await Promise.all(all.map((server) => server.end('SIGKILL')));
    await database.drop();
  };
  return { all, stop };
}

async function call(server: ServerProcess, query: string, input: object): Promise<{ transaction: { id: string } }> {
  const answer = await fetch(server.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const body = (await answer.json()) as { data?: { made: { transaction?: { id: string } } } };
  const transaction = body.data?.made.transaction;
  if (!transaction) throw new Error(JSON.stringify(body));
  return { transaction };
}

const mutation = (name: string): string => {
  const capital = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return `mutation ($input: ${capital}Input!) { made: ${name}(input: $input) { ... on UserError { message }
    ... on ${capital}Payload { transaction { id } } } }`;
};
const START = mutation('transactionStart');
const REPORT = mutation('transactionReport');
const END = mutation('transactionEnd');

describe.each(storeKinds())('the record of a deployment, followed over real servers (%s)', (store) => {
  let servers: Servers;
  let made = 0;
  beforeAll(async () => {
    servers = await startServers(store);
  });
  afterAll(() => servers.stop());

  const serverOf = (number: number): ServerProcess => servers.all[number % 2 === 0 ? 0 : 1];

  async function run(steps: readonly Step[]): Promise<void> {
    made += 1;
    const nodes = Array.from({ length: REPORTERS }, (_, index) => String(index));
    const graph = { tasks: [{ name: 'deploy', nodes }] };
    const { transaction } = await call(serverOf(0), START, { cluster: 'c', externalId: `d-${made}`, graph });
    const transactionId = transaction.id;
    const readers = READERS.map(() => new ResumeReader(recordOf(transactionId), null));
    const moves = READERS.map((_, index) => index);
    const queues = nodes.map(() => Promise.resolve());
    const told: string[] = nodes.map((node) => saying('server', 'PENDING', node));
    const move = (index: number): void => {
      readers[index]?.connect(READERS[index] ?? 'SDK', serverOf(moves[index] ?? 0));
      moves[index] = (moves[index] ?? 0) + 1;
    };
    const tell = async ({ reporter, events: chosen, twice }: Extract<Step, { kind: 'REPORT' }>): Promise<void> => {
      made += 1;
      const reportId = `report-${made}`;
      const events = chosen.map((status) => ({
        taskName: 'deploy',
        nodeId: nodes[reporter],
        status: STATUSES[status],
      }));
      for (const { nodeId = '', status = '' } of events) told.push(saying(reportId, status.toUpperCase(), nodeId));
      const input = { transactionId, reportId, events };
      // A reporter whose answer was lost tells the same again, to whichever server.
      await call(serverOf(reporter), REPORT, input);
      if (twice) await call(serverOf(reporter + 1), REPORT, input);
    };
    for (const index of READERS.keys()) move(index);
    for (const one of steps) {
      if (one.kind === 'MOVE') move(one.reader);
      else if (one.kind === 'REPORT')
        queues[one.reporter] = (queues[one.reporter] ?? Promise.resolve()).then(() => tell(one));
      else await Promise.race(queues);
    }
    await Promise.all(queues);
    for (const reader of readers) await expect.poll(() => reader.told.length, SOON).toBeGreaterThanOrEqual(told.length);
    for (const reader of readers) {
      reader.disconnect();
      expect(reader.told.map(({ seq }) => seq)).toEqual(told.map((_, index) => index + 1));
      expect(sayings(reader).toSorted()).toEqual(told.toSorted());
      expect(sayings(reader)).toEqual(sayings(readers[0] ?? reader));
    }
    await call(serverOf(made), END, { transactionId, status: 'READY' });
  }

  it('every follower sees every event once and in order, whatever server it comes back to', async () => {
    const schedules = fc.array(step, { minLength: 15, maxLength: 60, size: 'max' });
    await fc.assert(fc.asyncProperty(schedules, run), { numRuns: 6, endOnFailure: true });
  });
});
