import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobEvent, JobStatus } from '../../src/entities/job.js';
import { COMMAND_TABLE, COMMANDS, SITUATIONS, situationOf } from '../../src/jobs/command-table.js';
import { HOUR } from '../../src/lib/time.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { command, makeJob, openRunsOf, stored, type Taken, take } from './kit.js';

type Situation = (typeof SITUATIONS)[number];

/** A job brought into a situation, and the run under way where there is one. */
interface Brought {
  id: string;
  taken: Taken | null;
}

const NO_SCHEDULE = { schedule: { none: {} } };
let clients = 0;

/** An hourly job (or another one) of a client of its own. */
function aJob(world: World, input: Record<string, unknown> = {}): Promise<string> {
  clients += 1;
  return makeJob(world, { clientId: `client-${clients}`, ...input });
}

async function running(world: World): Promise<Brought> {
  const id = await aJob(world);
  await world.pass(HOUR);
  return { id, taken: await take(world, id) };
}

async function completed(world: World): Promise<Brought> {
  const id = await aJob(world, NO_SCHEDULE);
  await world.pass(0);
  const { agent, told } = await take(world, id);
  await agent.ended(told, { outcome: 'SUCCEEDED', exitCode: 0 });
  return { id, taken: null };
}

async function after(world: World, brought: Brought, field: string): Promise<Brought> {
  await command(world, field, { id: brought.id });
  return brought;
}

const BRING: Record<Situation, (world: World) => Promise<Brought>> = {
  STOPPED: async (world) => ({ id: await aJob(world, { start: false }), taken: null }),
  COMPLETED: completed,
  SCHEDULED: async (world) => ({ id: await aJob(world), taken: null }),
  RUNNING: running,
  RUNNING_STOP: async (world) => after(world, await running(world), 'jobStop'),
  RUNNING_ONCE: async (world) => {
    const id = await aJob(world, { start: false });
    await command(world, 'jobRunNow', { id });
    return { id, taken: await take(world, id) };
  },
  ABORTING: async (world) => after(world, await running(world), 'jobAbort'),
  REMOVED: async (world) => after(world, { id: await aJob(world), taken: null }, 'jobRemove'),
};

/** What a cell must come to: at once, and (where a run is under way) when that run has ended. */
interface Cell {
  says: string;
  outcome: string;
  status: JobStatus;
  event?: JobEvent;
  planned?: boolean;
  /** The open runs afterwards, by state. */
  runs?: string[];
  ends?: JobStatus;
  /** The open runs after that end, by state. */
  endsWith?: string[];
}

const same = (status: JobStatus, more: Partial<Cell> = {}): Cell => ({
  says: '=',
  outcome: 'NOTHING_TO_DO',
  status,
  ...more,
});
const removed: Cell = { says: 'JOB_REMOVED', outcome: 'JOB_REMOVED', status: 'REMOVED' };

const TABLE: Record<string, Record<Situation, Cell>> = {
  jobStart: {
    STOPPED: { says: '-> SCHEDULED, planned from now', outcome: 'ACCEPTED', status: 'SCHEDULED', planned: true },
    COMPLETED: { says: '-> SCHEDULED, planned from now', outcome: 'ACCEPTED', status: 'SCHEDULED', planned: true },
    SCHEDULED: same('SCHEDULED', { planned: true }),
    RUNNING: same('RUNNING', { planned: true, ends: 'SCHEDULED' }),
    RUNNING_STOP: { says: 'clears the STOP', outcome: 'ACCEPTED', status: 'RUNNING', planned: true, ends: 'SCHEDULED' },
    RUNNING_ONCE: {
      says: 'SCHEDULED when the manual run has ended',
      outcome: 'ACCEPTED',
      status: 'RUNNING',
      planned: true,
      ends: 'SCHEDULED',
    },
    ABORTING: {
      says: 'event START: SCHEDULED when aborted',
      outcome: 'ACCEPTED',
      status: 'ABORTING',
      event: 'START',
      planned: true,
      ends: 'SCHEDULED',
    },
    REMOVED: removed,
  },
  jobRunNow: {
    STOPPED: { says: 'a manual run now, then back', outcome: 'ACCEPTED', status: 'STOPPED', runs: ['WAITING'] },
    COMPLETED: { says: 'a manual run now, then back', outcome: 'ACCEPTED', status: 'COMPLETED', runs: ['WAITING'] },
    SCHEDULED: {
      says: 'a manual run now, schedule untouched',
      outcome: 'ACCEPTED',
      status: 'SCHEDULED',
      planned: true,
      runs: ['WAITING'],
    },
    RUNNING: {
      says: 'by the overlap policy (SKIP: no run)',
      outcome: 'NOTHING_TO_DO',
      status: 'RUNNING',
      planned: true,
      runs: ['RUNNING'],
      ends: 'SCHEDULED',
    },
    RUNNING_STOP: {
      says: 'by the overlap policy (SKIP: no run)',
      outcome: 'NOTHING_TO_DO',
      status: 'RUNNING',
      event: 'STOP',
      runs: ['RUNNING'],
      ends: 'STOPPED',
    },
    RUNNING_ONCE: {
      says: 'by the overlap policy (SKIP: no run)',
      outcome: 'NOTHING_TO_DO',
      status: 'RUNNING',
      runs: ['RUNNING'],
      ends: 'STOPPED',
    },
    ABORTING: {
      says: 'waits for the end',
      outcome: 'ACCEPTED',
      status: 'ABORTING',
      event: 'ABORT',
      planned: true,
      runs: ['RUNNING', 'BUFFERED'],
      ends: 'SCHEDULED',
      endsWith: ['WAITING'],
    },
    REMOVED: removed,
  },
  jobStop: {
    STOPPED: same('STOPPED'),
    COMPLETED: same('COMPLETED'),
    SCHEDULED: { says: '-> STOPPED', outcome: 'ACCEPTED', status: 'STOPPED' },
    RUNNING: {
      says: 'event STOP; the run finishes, then STOPPED',
      outcome: 'ACCEPTED',
      status: 'RUNNING',
      event: 'STOP',
      ends: 'STOPPED',
    },
    RUNNING_STOP: {
      says: 'already requested',
      outcome: 'ALREADY_REQUESTED',
      status: 'RUNNING',
      event: 'STOP',
      ends: 'STOPPED',
    },
    RUNNING_ONCE: same('RUNNING', { ends: 'STOPPED' }),
    ABORTING: {
      says: 'event STOP: STOPPED when aborted',
      outcome: 'ACCEPTED',
      status: 'ABORTING',
      event: 'STOP',
      ends: 'STOPPED',
    },
    REMOVED: removed,
  },
  jobAbort: {
    STOPPED: same('STOPPED'),
    COMPLETED: same('COMPLETED'),
    SCHEDULED: same('SCHEDULED', { planned: true }),
    RUNNING: {
      says: '-> ABORTING',
      outcome: 'ACCEPTED',
      status: 'ABORTING',
      event: 'ABORT',
      planned: true,
      ends: 'SCHEDULED',
    },
    RUNNING_STOP: {
      says: '-> ABORTING, then STOPPED',
      outcome: 'ACCEPTED',
      status: 'ABORTING',
      event: 'STOP',
      ends: 'STOPPED',
    },
    RUNNING_ONCE: {
      says: '-> ABORTING, then as before',
      outcome: 'ACCEPTED',
      status: 'ABORTING',
      event: 'ABORT',
      ends: 'STOPPED',
    },
    ABORTING: {
      says: 'already requested',
      outcome: 'ALREADY_REQUESTED',
      status: 'ABORTING',
      event: 'ABORT',
      planned: true,
      ends: 'SCHEDULED',
    },
    REMOVED: same('REMOVED'),
  },
  jobRemove: {
    STOPPED: { says: '-> REMOVED', outcome: 'ACCEPTED', status: 'REMOVED' },
    COMPLETED: { says: '-> REMOVED', outcome: 'ACCEPTED', status: 'REMOVED' },
    SCHEDULED: { says: '-> REMOVED', outcome: 'ACCEPTED', status: 'REMOVED' },
    RUNNING: {
      says: 'event REMOVE: aborts, then REMOVED',
      outcome: 'ACCEPTED',
      status: 'ABORTING',
      event: 'REMOVE',
      ends: 'REMOVED',
    },
    RUNNING_STOP: {
      says: 'event REMOVE: aborts, then REMOVED',
      outcome: 'ACCEPTED',
      status: 'ABORTING',
      event: 'REMOVE',
      ends: 'REMOVED',
    },
    RUNNING_ONCE: {
      says: 'event REMOVE: aborts, then REMOVED',
      outcome: 'ACCEPTED',
      status: 'ABORTING',
      event: 'REMOVE',
      ends: 'REMOVED',
    },
    ABORTING: { says: 'event REMOVE', outcome: 'ACCEPTED', status: 'ABORTING', event: 'REMOVE', ends: 'REMOVED' },
    REMOVED: { says: 'already requested', outcome: 'ALREADY_REQUESTED', status: 'REMOVED' },
  },
};

describe('the command table', () => {
  it('has every cell', () => {
    const cells = COMMANDS.flatMap((name) => SITUATIONS.map((situation) => COMMAND_TABLE[name][situation]));
    expect(cells).toHaveLength(48);
    expect(cells.every((cell) => cell.effects)).toBe(true);
  });
});

describe.each(storeKinds())('commands on %s', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  const cases = Object.entries(TABLE).flatMap(([field, cells]) =>
    SITUATIONS.map((situation) => ({ field, situation, cell: cells[situation], says: cells[situation].says })),
  );

  async function states(id: string): Promise<string[]> {
    return (await openRunsOf(world, id)).map((run) => run.state);
  }

  it.each(cases)('$field in $situation: $says', async ({ field, situation, cell }) => {
    const { id, taken } = await BRING[situation](world);
    expect(situationOf(await stored(world, id))).toBe(situation);
    const now = world.clock.now();
    const answer = await command(world, field, { id, reason: 'because' });
    expect(answer.outcome ?? answer.code).toBe(cell.outcome);
    const job = await stored(world, id);
    expect([job.status, job.event]).toEqual([cell.status, cell.event ?? null]);
    expect(job.nextRunAt !== null).toBe(cell.planned ?? false);
    if (job.nextRunAt !== null) expect(job.nextRunAt).toBeGreaterThanOrEqual(now);
    if (cell.runs) expect(await states(id)).toEqual(cell.runs);
    if (!taken || !cell.ends) return;
    const aborted = job.status === 'ABORTING';
    await taken.agent.ended(taken.told, { outcome: aborted ? 'ABORTED' : 'SUCCEEDED', exitCode: aborted ? 143 : 0 });
    const ended = await stored(world, id);
    expect([ended.status, ended.event, ended.result]).toEqual([cell.ends, null, aborted ? 'ABORTED' : 'SUCCESS']);
    expect(await states(id)).toEqual(cell.endsWith ?? []);
  });

  it('jobStart: SCHEDULE_EXHAUSTED when nothing lies ahead', async () => {
    const document = { job_schedule: { schedule_date: '2015-06-02T16:20:00' } };
    const { job } = await command(world, 'jobImport', { document, clientId: 'c' });
    expect(job?.status).toBe('COMPLETED');
    expect(await command(world, 'jobStart', { id: job?.id })).toMatchObject({ code: 'SCHEDULE_EXHAUSTED' });
  });

  it('jobAbort in SCHEDULED: a run that waits for its client is ABORTED', async () => {
    const id = await aJob(world);
    await world.pass(HOUR);
    expect(await states(id)).toEqual(['WAITING']);
    expect((await command(world, 'jobAbort', { id })).outcome).toBe('ACCEPTED');
    expect(await states(id)).toEqual([]);
    expect(await stored(world, id)).toMatchObject({ status: 'SCHEDULED', result: 'ABORTED' });
  });

  it('jobRunNow in STOPPED: back to the status before when the run has ended', async () => {
    const id = await aJob(world, { start: false });
    await command(world, 'jobRunNow', { id });
    const { agent, told } = await take(world, id);
    expect(await stored(world, id)).toMatchObject({ status: 'RUNNING', statusBefore: 'STOPPED' });
    await agent.ended(told, { outcome: 'SUCCEEDED', exitCode: 0 });
    expect(await stored(world, id)).toMatchObject({ status: 'STOPPED', statusBefore: null, result: 'SUCCESS' });
  });

  it.each([
    ['BUFFER_ONE', 'ACCEPTED', ['RUNNING', 'BUFFERED'], 'RUNNING'],
    ['CANCEL_OTHER', 'ACCEPTED', ['RUNNING', 'BUFFERED'], 'ABORTING'],
    ['ALLOW_ALL', 'ACCEPTED', ['RUNNING', 'WAITING'], 'RUNNING'],
  ])('jobRunNow in RUNNING by the overlap policy %s', async (overlap, outcome, runs, status) => {
    const id = await aJob(world, { overlap });
    await world.pass(HOUR);
    const { agent, told } = await take(world, id);
    expect((await command(world, 'jobRunNow', { id })).outcome).toBe(outcome);
    expect(await states(id)).toEqual(runs);
    expect((await stored(world, id)).status).toBe(status);
    await agent.ended(told, { outcome: status === 'ABORTING' ? 'ABORTED' : 'SUCCEEDED', exitCode: 0 });
    expect(await states(id)).toEqual(['WAITING']);
    expect((await stored(world, id)).status).toBe('SCHEDULED');
  });

  it('jobUpdate in SCHEDULED: re-plans at once', async () => {
    const id = await aJob(world);
    const now = world.clock.now();
    await command(world, 'jobUpdate', { id, schedule: { interval: { every: '2 hours' } } });
    expect((await stored(world, id)).nextRunAt).toBe(now + 2 * HOUR);
  });

  it('jobUpdate in STOPPED and COMPLETED: at once, and plans nothing', async () => {
    for (const bring of [BRING.STOPPED, BRING.COMPLETED]) {
      const { id } = await bring(world);
      await command(world, 'jobUpdate', { id, schedule: { interval: { every: '2 hours' } } });
      expect(await stored(world, id)).toMatchObject({ revision: 2, nextRunAt: null, scheduleKind: 'INTERVAL' });
    }
  });

  it.each(['RUNNING', 'RUNNING_STOP', 'ABORTING'] as const)('jobUpdate in %s: the next run', async (situation) => {
    const { id, taken } = await BRING[situation](world);
    await command(world, 'jobUpdate', { id, actions: [{ freezerAction: { action: 'info' } }] });
    expect(taken?.told.instruction.task?.name).toBe('0-backup');
    const { run } = await world.gql<{ run: { actions: { action: string }[] } }>(
      'query ($id: ID!) { run(id: $id) { actions } }',
      { id: taken?.told.run.id },
    );
    expect(run.actions).toEqual([expect.objectContaining({ action: 'backup' })]);
    const ends = situation === 'ABORTING' ? 'ABORTED' : 'SUCCEEDED';
    await taken?.agent.ended(taken.told, { outcome: ends, exitCode: 0 });
    await command(world, 'jobRunNow', { id });
    expect((await take(world, id)).told.instruction.task?.name).toBe('0-info');
  });

  it('jobUpdate in REMOVED: JOB_REMOVED', async () => {
    const { id } = await BRING.REMOVED(world);
    expect(await command(world, 'jobUpdate', { id, description: 'x' })).toMatchObject({ code: 'JOB_REMOVED' });
  });

  it('jobRunNow(overrides): for this run only', async () => {
    const id = await aJob(world, { start: false });
    await command(world, 'jobRunNow', { id, overrides: { mode: 'mysql', action: 'backup' } });
    const { told } = await take(world, id);
    expect(told.instruction.action ?? (await stored(world, id)).actions[0]?.freezerAction).toBeDefined();
    expect(told.instruction.task?.name).toBe('0-backup');
    expect((await stored(world, id)).actions[0]?.freezerAction).toEqual({ action: 'backup', mode: 'fs' });
    for (const action of ['dance', 'exec', null]) {
      const wrong = await command(world, 'jobRunNow', { id, overrides: { action } });
      expect(wrong).toMatchObject({ code: 'INVALID_INPUT', path: ['overrides', 'action'] });
      expect(wrong.message).toMatch(/^overrides\.action: cannot be changed for one run: the job does backup\./);
    }
    const loose = await command(world, 'jobRunNow', { id: await aJob(world), overrides: { password: 'hunter2' } });
    expect(loose.warnings).toEqual([expect.stringMatching(/^overrides\.password: looks like a secret written out/)]);
    const half = await command(world, 'jobRunNow', { id, overrides: { password: { secret: 'vault:x' } } });
    expect(half).toMatchObject({ code: 'INVALID_INPUT', path: ['overrides', 'password', 'secret'] });
  });

  it('keeps who gave a command, and why', async () => {
    const id = await aJob(world);
    await command(world, 'jobStop', { id, reason: 'the disk is full' });
    expect((await stored(world, id)).statusReason).toBe('the disk is full');
    const { activity } = await world.gql<{ activity: { nodes: unknown[] } }>(
      '{ activity(first: 1) { nodes { action subject detail } } }',
    );
    expect(activity.nodes).toEqual([
      { action: 'jobStop', subject: id, detail: { command: 'ACCEPTED', reason: 'the disk is full' } },
    ]);
  });
});
