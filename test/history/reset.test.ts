import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TaskEntity, type TaskRow, type TransactionRow } from '../../src/entities/ledger.js';
import { type DeploymentReset, ENDED_STATUSES, type EndedStatus } from '../../src/history/intake/reset.js';
import { ADMIN } from '../kit/actors.js';
import { backup, makeJob, runNow } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';
import { histories, makeHistory, NODES, rowsOf } from './generated-history.js';
import { newestAttempts } from './reference.js';

const RESET = `mutation ($input: TransactionResetInput!) { result: transactionReset(input: $input) { __typename
  ... on TransactionResetPayload { outcome taskCount transaction { id status attempts canReset progress reason timeEnd } }
  ... on UserError { code path message } } }`;

interface Answer {
  __typename: string;
  outcome?: string;
  taskCount?: number;
  code?: string;
  path?: string[];
  transaction?: Record<string, unknown>;
}

/** What a row says of its attempt. */
const shown = ({ graphTaskId, nodeId, attempt, status, reason, timeStart, timeEnd, closed }: TaskRow) =>
  JSON.stringify([graphTaskId, nodeId, attempt, status, reason, timeStart, timeEnd, closed]);

describe.each(storeKinds())('a reset (%s)', (store) => {
  let world: World;
  const ctx = ctxOf(ADMIN);
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  const reset = async (input: DeploymentReset): Promise<Answer> =>
    (await world.gql<{ result: Answer }>(RESET, { input })).result;
  const transactionOf = async (id: string): Promise<TransactionRow> => {
    const [row] = await world.services.history.byIds(ctx, [id]);
    if (!row) throw new Error(`There is no ${id}.`);
    return row;
  };
  const tasksOf = (transactionId: string) =>
    world.db.manager.getRepository(TaskEntity).find({ where: { transactionId }, order: { number: 'ASC' } });

  let made = 0;
  /** A deployment of one task on three nodes: READY, ERROR, and under way at its end. */
  async function failed(): Promise<string> {
    made += 1;
    const graph = { tasks: [{ name: 't', nodes: ['1', '2', '3', '4'] }] };
    const { transaction } = await world.services.reports.start(ctx, { cluster: 'c', externalId: `d-${made}`, graph });
    const events = (['ready', 'error', 'running'] as const).map((status, index) => {
      return { taskName: 't', nodeId: String(index + 1), status };
    });
    await world.services.reports.report(ctx, { transactionId: transaction.id, reportId: 'one', events });
    await world.services.reports.end(ctx, { transactionId: transaction.id, status: 'ERROR', reason: 'it failed' });
    return transaction.id;
  }
  const statuses = async (id: string): Promise<string[]> =>
    (await tasksOf(id)).map(({ nodeId, attempt, status }) => `${nodeId}.${attempt} ${status}`).sort();
  const report = (transactionId: string, reportId: string, event: object) =>
    world.services.reports.report(ctx, { transactionId, reportId, events: [{ taskName: 't', ...event }] });

  it('gives the tasks that fit their next attempt, and keeps every old one', async () => {
    const inputs = fc.record({
      statuses: fc.option(fc.subarray<EndedStatus>([...ENDED_STATUSES])),
      nodes: fc.option(fc.subarray<string>([...NODES])),
    });
    await fc.assert(
      fc.asyncProperty(histories, inputs, async (history, input) => {
        const { transactions } = await makeHistory(world, history);
        for (const id of transactions) {
          const before = await transactionOf(id);
          const rows = await tasksOf(id);
          const wanted = input.statuses ?? ['ERROR', 'LOST', 'STOPPED'];
          const newest = [...newestAttempts(rows, id).values()].filter(
            ({ status, nodeId }) => wanted.some((one) => one === status) && (input.nodes?.includes(nodeId) ?? true),
          );
          const answer = await reset({ id, ...input });
          const after = await tasksOf(id);
          if (before.timeEnd === null) expect(answer).toMatchObject({ code: 'TRANSACTION_OPEN', path: ['id'] });
          const begun = before.timeEnd === null ? [] : newest;
          const nothing = { status: 'PENDING', reason: null, timeStart: null, timeEnd: null, closed: false } as const;
          const expected = begun.map((row) => shown({ ...row, ...nothing, attempt: row.attempt + 1 }));
          expect(after.slice(0, rows.length)).toEqual(rows);
          expect(after.slice(rows.length).map(shown).sort()).toEqual(expected.sort());
          const { taskName, announced } = rows[0] ?? {};
          if (rows.length === 1 && expected.length === 1) expect(after[1]).toMatchObject({ taskName, announced });
          const open = { status: 'PENDING', reason: null, progress: 0, message: null, timeEnd: null };
          const changed = { ...before, ...open, attempts: before.attempts + 1, resetAt: world.clock.now() };
          expect(await transactionOf(id)).toEqual(begun.length > 0 ? changed : before);
          if (before.timeEnd === null) continue;
          expect(answer).toMatchObject({
            outcome: begun.length > 0 ? 'RESET' : 'NOTHING_TO_DO',
            taskCount: begun.length,
            transaction: { id, attempts: begun.length > 0 ? 2 : 1 },
          });
          await expectCounted(id, after);
        }
      }),
      { numRuns: 8 },
    );
  });

  async function expectCounted(id: string, rows: readonly TaskRow[]): Promise<void> {
    const counts = new Map<string, number>();
    for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
    expect((await world.services.history.counts([id])).get(id) ?? new Map()).toEqual(counts);
  }

  it('takes chosen tasks whatever became of them, and no others', async () => {
    const id = await failed();
    const tasks = [
      { graphTaskId: 't', nodeId: '1' },
      { graphTaskId: 't', nodeId: '4' },
      { graphTaskId: 't', nodeId: '1' },
    ];
    expect(await reset({ id, tasks })).toMatchObject({ taskCount: 2, transaction: { canReset: false } });
    expect(await statuses(id)).toEqual([
      '1.1 READY',
      '1.2 PENDING',
      '2.1 ERROR',
      '3.1 LOST',
      '4.1 SKIPPED',
      '4.2 PENDING',
    ]);
  });

  it('refuses what is not there, what is chosen two ways, and what is open', async () => {
    const id = await failed();
    const unknown = [{ graphTaskId: 't', nodeId: '1' }, { graphTaskId: 't' }];
    expect(await reset({ id, tasks: unknown })).toMatchObject({ code: 'INVALID_INPUT', path: ['tasks', '1'] });
    const twice = { id, tasks: [{ graphTaskId: 't', nodeId: '1' }], nodes: ['1'] };
    expect(await reset(twice)).toMatchObject({ code: 'INVALID_INPUT', path: ['tasks'] });
    expect(await reset({ id: 'deploy_nothing' })).toMatchObject({ code: 'NOT_FOUND', path: ['id'] });
    expect(await transactionOf(id)).toMatchObject({ status: 'ERROR', attempts: 1 });
    expect(await reset({ id })).toMatchObject({ outcome: 'RESET', taskCount: 2 });
    expect(await reset({ id })).toMatchObject({ code: 'TRANSACTION_OPEN' });
  });

  it("does not touch a job's run: its own reporters tell of it", async () => {
    const jobId = await makeJob(world, 'host', [backup()]);
    const id = await runNow(world, jobId);
    expect(await reset({ id })).toMatchObject({ code: 'NOT_A_DEPLOYMENT', path: ['id'] });
  });

  it('of a named attempt happens once', async () => {
    const id = await failed();
    const both = await Promise.all([reset({ id, attempt: 2 }), reset({ id, attempt: 2 })]);
    expect(both.map(({ outcome }) => outcome).sort()).toEqual(['ALREADY_RESET', 'RESET']);
    expect(await reset({ id, attempt: 2 })).toMatchObject({ outcome: 'ALREADY_RESET', taskCount: 0 });
    expect(await reset({ id, attempt: 4 })).toMatchObject({ code: 'CONFLICT', path: ['attempt'] });
    await report(id, 'two', { nodeId: '2', status: 'ready' });
    await report(id, 'three', { nodeId: '3', status: 'error' });
    await world.services.reports.end(ctx, { transactionId: id, status: 'ERROR' });
    expect(await reset({ id, attempt: 3 })).toMatchObject({
      outcome: 'RESET',
      taskCount: 1,
      transaction: { attempts: 3 },
    });
    expect((await statuses(id)).filter((row) => row.startsWith('3'))).toEqual(['3.1 LOST', '3.2 ERROR', '3.3 PENDING']);
  });

  it('lets the deployment go on to its next end', async () => {
    const id = await failed();
    const { timeStart } = await transactionOf(id);
    await reset({ id });
    world.clock.forward(1_000);
    await report(id, 'again', { nodeId: '2', status: 'running' });
    expect(await transactionOf(id)).toMatchObject({ status: 'RUNNING', timeStart, timeEnd: null, attempts: 2 });
    await report(id, 'and again', { nodeId: '2', status: 'ready' });
    await world.services.reports.end(ctx, { transactionId: id, status: 'READY' });
    expect(await transactionOf(id)).toMatchObject({ status: 'READY', progress: 100, reason: null });
    const rows = ['1.1 READY', '2.1 ERROR', '2.2 READY', '3.1 LOST', '3.2 SKIPPED', '4.1 SKIPPED'];
    expect(await statuses(id)).toEqual(rows);
  });

  it('leaves the attempts before it closed, whatever late word comes of them, but for how they ended', async () => {
    const id = await failed();
    const before = (await tasksOf(id)).find(({ nodeId }) => nodeId === '3');
    await reset({ id });
    await report(id, 'late', { nodeId: '3', attempt: 1, status: 'running' });
    const late = (await tasksOf(id)).find(({ nodeId, attempt }) => nodeId === '3' && attempt === 1);
    expect(late).toMatchObject({ status: 'LOST', reason: before?.reason, timeEnd: before?.timeEnd, closed: true });
    await report(id, 'later', { nodeId: '3', attempt: 1, status: 'ready' });
    expect((await statuses(id)).filter((row) => row.startsWith('3'))).toEqual(['3.1 READY', '3.2 PENDING']);
    await expectCounted(id, await tasksOf(id));
  });

  it('leaves an end, and what names no attempt, to the attempt of their time', async () => {
    const id = await failed();
    const at = world.clock.now() / 1_000;
    const end = (more: object) =>
      world.services.reports.end(ctx, { transactionId: id, status: 'ERROR', ...more }).then(({ outcome }) => outcome);
    world.clock.forward(10_000);
    await reset({ id });
    expect([await end({ time: at }), await end({ attempt: 1 })]).toEqual(['ALREADY_ENDED', 'ALREADY_ENDED']);
    await expect(end({ attempt: 3 })).rejects.toMatchObject({ code: 'CONFLICT', inputPath: ['attempt'] });
    await report(id, 'late', { nodeId: '2', status: 'running', time: at });
    await report(id, 'late too', { nodeId: '3', status: 'ready', time: at });
    expect((await statuses(id)).filter((row) => /^[23]/.test(row))).toEqual([
      '2.1 ERROR',
      '2.2 PENDING',
      '3.1 READY',
      '3.2 PENDING',
    ]);
    expect(await transactionOf(id)).toMatchObject({ status: 'PENDING', attempts: 2 });
    await report(id, 'new', { nodeId: '2', status: 'running', time: at + 10 });
    expect(await transactionOf(id)).toMatchObject({ status: 'RUNNING' });
    expect(await end({ attempt: 2, time: at })).toBe('ENDED');
    world.clock.forward(10_000);
    await reset({ id });
    // By now there are three attempts of the task on the second node: each instant is of one of them.
    await report(id, 'of the second', { nodeId: '2', status: 'error', time: at + 15, exitCode: 2 });
    const rows = await tasksOf(id);
    expect(rows.filter(({ exitCode }) => exitCode === 2).map(({ attempt }) => attempt)).toEqual([2]);
    expect(await end({ time: at + 20 })).toBe('ENDED');
  });

  it('begins with nothing said, and what was said before it stays unsaid', async () => {
    const id = await failed();
    const say = (reportId: string, progress: number) =>
      world.services.reports.report(ctx, { transactionId: id, reportId, events: [], progress, message: reportId });
    await say('before', 70);
    expect(await transactionOf(id)).toMatchObject({ progress: 70, message: 'before' });
    world.clock.forward(1_000);
    await reset({ id });
    expect(await say('before', 70)).toMatchObject({ outcome: 'REPEATED', transaction: { progress: 0, message: null } });
    await say('after', 5);
    expect(await transactionOf(id)).toMatchObject({ progress: 5, message: 'after' });
  });

  it('is recorded: in the activity, in the record of the tasks and in the facts', async () => {
    const id = await failed();
    await reset({ id, reason: 'try again' });
    const [activity] = (await world.services.activities.list(ctx, { subject: id }, 'NEWEST_FIRST', { first: 1 })).edges;
    expect(activity?.node).toMatchObject({
      action: 'transactionReset',
      detail: { attempt: 2, tasks: 2, reason: 'try again' },
    });
    const events = await world.db.reader.rows<{ status: string; before: string | null }>(
      `SELECT status, status_before AS before_status FROM task_events WHERE transaction_id = ? AND attempt = 2`,
      [id],
    );
    expect(events).toEqual(Array(2).fill({ status: 'PENDING', before_status: null }));
    const facts = await world.db.reader.rows<{ topic: string; payload: unknown }>(
      `SELECT topic, payload FROM events WHERE subject = ? ORDER BY id DESC`,
      [id],
    );
    const told = facts
      .filter(({ topic }) => topic === 'transactionChanged')
      .map(({ payload }) => JSON.stringify(payload));
    expect(told.some((text) => /PENDING/.test(text) && /statusBefore\W+ERROR/.test(text))).toBe(true);
  });

  it('of many tasks goes by parts', async () => {
    const names = Array.from({ length: 1_300 }, (_, index) => `t${index}`);
    const graph = { tasks: names.map((name) => ({ name, nodes: ['1'] })) };
    const { transaction } = await world.services.reports.start(ctx, { cluster: 'c', externalId: 'large', graph });
    const { id } = transaction;
    await world.services.reports.end(ctx, { transactionId: id, status: 'STOPPED' });
    expect(await reset({ id, statuses: ['SKIPPED'] })).toMatchObject({
      taskCount: 1_300,
      transaction: { attempts: 2 },
    });
    const rows = await rowsOf(world, { clusters: ['', ''], transactions: [id] });
    expect(rows.filter(({ attempt, status }) => attempt === 2 && status === 'PENDING')).toHaveLength(1_300);
    expect(rows).toHaveLength(2_600);
  });
});
