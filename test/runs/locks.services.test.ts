import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Tx } from '../../src/db/transaction.js';
import { jobRunKind } from '../../src/jobs/firing.js';
import { lockJob } from '../../src/jobs/job-store.js';
import { runLeaseKind } from '../../src/jobs/run-expiry.js';
import { lockRun } from '../../src/jobs/run-lock.js';
import { HOUR, SECOND } from '../../src/lib/time.js';
import type { DueJob } from '../../src/scheduler/kinds.js';
import { command, makeJob, openRunsOf, take } from '../jobs/kit.js';
import { granted, TestAgent } from '../kit/agent.js';
import { describeWithStores } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

/** Another transaction that holds locks while a test goes on. */
interface Holder {
  readonly tx: Tx;
  /** How often it was begun: more than once, when it was the one of two that a deadlock ended. */
  readonly begun: () => number;
}

/** InnoDB shows its transactions as they were when somebody last asked, unless that was more than 100 ms ago. */
const SOON = { timeout: 8_000, interval: 250 };

describeWithStores('what the locks of runs wait for', ['mysql'], () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ store: 'mysql' });
  });
  afterEach(() => world.close());

  /** Does `work` while another transaction holds what `lock` has locked. */
  async function whileLocked<T>(lock: (tx: Tx) => Promise<unknown>, work: (holder: Holder) => Promise<T>): Promise<T> {
    let begun = 0;
    let letGo = (): void => {};
    const over = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let holding = Promise.resolve();
    const tx = await new Promise<Tx>((resolve, reject) => {
      holding = world.db.transaction(async (own) => {
        begun += 1;
        await lock(own);
        resolve(own);
        await over;
      });
      holding.catch(reject);
    });
    try {
      return await work({ tx, begun: () => begun });
    } finally {
      letGo();
      await holding;
    }
  }

  /** Resolves when a transaction of this database waits for a lock. */
  async function somebodyWaits(): Promise<void> {
    const sql = `SELECT COUNT(*) AS waiting FROM information_schema.innodb_trx trx
      JOIN information_schema.processlist sessions ON sessions.id = trx.trx_mysql_thread_id
      WHERE trx.trx_state = 'LOCK WAIT' AND sessions.db = DATABASE()`;
    const waiting = async (): Promise<number> =>
      Number((await world.db.reader.rows<{ waiting: number }>(sql))[0]?.waiting);
    await expect.poll(waiting, SOON).toBeGreaterThan(0);
  }

  const dueJob = (subject: string): DueJob => {
    const rest = { project: 'default', state: {}, generation: 1, scheduledFor: world.clock.now() };
    return { id: `due-${subject}`, kind: 'job-run', subject, ...rest };
  };

  const fire = (...subjects: string[]): Promise<unknown> => {
    const now = world.clock.now();
    return world.db.transaction((tx) => jobRunKind(world.deps).fire(tx, subjects.map(dueJob), now));
  };

  const expire = (): Promise<unknown> => {
    const now = world.clock.now();
    return world.db.transaction((tx) => runLeaseKind(world.deps).fire(tx, [dueJob('runs')], now));
  };

  /** A job with a run that its agent has begun. */
  async function begunRun(input: Record<string, unknown> = {}) {
    const jobId = await makeJob(world, { start: false, ...input });
    await command(world, 'jobRunNow', { id: jobId });
    return { jobId, ...(await take(world, jobId)) };
  }

  it('a fire does not wait for the runs of other jobs', async () => {
    const { told } = await begunRun();
    const others = await Promise.all(['b', 'c', 'd'].map((clientId) => makeJob(world, { clientId })));
    world.clock.forward(HOUR);
    await whileLocked(
      (tx) => lockRun(tx, told.run.id),
      () => fire(...others),
    );
    for (const id of others) expect(await openRunsOf(world, id)).toHaveLength(1);
  });

  it('the end of a run does not wait for runs of its job that have ended', async () => {
    const first = await begunRun();
    await first.agent.ended(first.told, { outcome: 'SUCCEEDED' });
    await command(world, 'jobRunNow', { id: first.jobId });
    const { agent, told } = await take(world, first.jobId);
    const { instruction } = await whileLocked(
      (tx) => lockRun(tx, first.told.run.id),
      () => agent.ended(told, { outcome: 'SUCCEEDED' }),
    );
    expect(instruction.kind).toBe('ENDED');
  });

  it('a renewal that had to wait gives a whole lease', async () => {
    const { agent, told } = await begunRun();
    let renewed: Promise<unknown> = Promise.resolve();
    await whileLocked(
      (tx) => lockRun(tx, told.run.id),
      async () => {
        renewed = agent.renew(told);
        await somebodyWaits();
        world.clock.forward(20 * SECOND);
      },
    );
    await renewed;
    const run = await world.db.transaction((tx) => lockRun(tx, told.run.id));
    expect(run.leaseUntil).toBe(world.clock.now() + world.deps.settings.runLease);
  });

  it('a claim and a report that wait for other rows than the run give a whole lease when they are committed', async () => {
    const jobId = await makeJob(world, { start: false });
    await command(world, 'jobRunNow', { id: jobId });
    const runId = (await openRunsOf(world, jobId))[0]?.id ?? '';
    const agent = new TestAgent(world, 'client-1');
    await agent.register();
    const wait = async (sql: string, values: string[], ask: () => Promise<unknown>): Promise<void> => {
      let asked: Promise<unknown> = Promise.resolve();
      await whileLocked(
        (tx) => tx.rows(`${sql} FOR UPDATE`, values),
        async () => {
          asked = ask();
          await somebodyWaits();
          world.clock.forward(2 * world.deps.settings.runLease);
        },
      );
      await asked;
      const run = await world.db.transaction((tx) => lockRun(tx, runId));
      expect(run.leaseUntil).toBe(world.clock.now() + world.deps.settings.runLease);
    };
    await wait('SELECT id FROM transactions WHERE id = ?', [runId], () => agent.claim(runId));
    const told = granted(await agent.claim(runId));
    await wait('SELECT id FROM transactions WHERE id = ?', [runId], () => agent.started(told));
    world.clock.forward(1);
    granted(await agent.claim(runId));
    const again = await world.db.transaction((tx) => lockRun(tx, runId));
    expect(again.leaseUntil).toBe(world.clock.now() + world.deps.settings.runLease);
  });

  it('what ends overdue runs locks their jobs in the order of a fire', async () => {
    // Of the two that are overdue in different ways, the job that comes later has the lease that ran out.
    const earlier = await makeJob(world, { clientId: 'nobody', catchupWindow: 60 });
    const begun = await begunRun();
    expect(earlier < begun.jobId).toBe(true);
    world.clock.forward(HOUR);
    await fire(earlier);
    world.clock.forward(HOUR);
    let expired: Promise<unknown> = Promise.resolve();
    const attempts = await whileLocked(
      (tx) => lockJob(tx, earlier),
      async ({ tx, begun: attemptsOf }) => {
        expired = expire();
        await somebodyWaits();
        await lockJob(tx, begun.jobId);
        return attemptsOf;
      },
    );
    await expired;
    expect(attempts()).toBe(1);
    expect(await openRunsOf(world, earlier)).toEqual([]);
    expect(await openRunsOf(world, begun.jobId)).toEqual([]);
  });

  it('late progress of a run that is to be aborted does not lock the run before its job', async () => {
    const action = { freezerAction: { action: 'backup', mode: 'fs' } };
    const { jobId, agent, told } = await begunRun({ actions: [action, action] });
    await agent.ended(told, { outcome: 'SUCCEEDED' });
    await command(world, 'jobAbort', { id: jobId });
    const progress = { percent: 50, message: 'late' };
    let reported: ReturnType<typeof agent.report> | undefined;
    const attempts = await whileLocked(
      (tx) => lockJob(tx, jobId),
      async ({ tx, begun }) => {
        reported = agent.report(told, { progress });
        await somebodyWaits();
        await lockRun(tx, told.run.id);
        return begun;
      },
    );
    expect(attempts()).toBe(1);
    expect(reported && granted(await reported).run).toMatchObject({ state: 'ENDED', result: 'ABORTED' });
  });
});
