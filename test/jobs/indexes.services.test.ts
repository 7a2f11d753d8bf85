import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '../../src/auth/actor.js';
import { RowQuery } from '../../src/db/row-query.js';
import { insertRows } from '../../src/db/write.js';
import { JobActionKindEntity, JobEntity, type JobRow } from '../../src/entities/job.js';
import { OccurrenceEntity, type OccurrenceRow } from '../../src/entities/occurrence.js';
import { JOB_RUN_KIND } from '../../src/jobs/deps.js';
import type { DueTimeFilter } from '../../src/jobs/due-time.js';
import { addJobFilter, type JobFilter } from '../../src/jobs/list.js';
import { occurrencesIn } from '../../src/jobs/past-due-times.js';
import { HOUR } from '../../src/lib/time.js';
import { ADMIN, actor } from '../kit/actors.js';
import { START } from '../kit/clock.js';
import { expectIndexed, mostRows, planOf, type Step } from '../kit/explain.js';
import { describeWithStores } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';
import { makeJob, stored } from './kit.js';

const JOBS = 6_000;
const IN_PROJECT = actor('MEMBER', 'project-1');

/** One in a hundred jobs differs from the others in everything that a filter asks for. */
function variant(template: JobRow, index: number): JobRow {
  const rare = index % 100 === 0;
  return {
    ...template,
    id: `job_${String(index).padStart(8, '0')}`,
    key: `key-${index}`,
    project: `project-${index % 3}`,
    clientKey: `client-${index % 200}`,
    status: rare ? 'RUNNING' : 'SCHEDULED',
    result: rare ? 'FAIL' : 'SUCCESS',
    scheduleKind: rare ? 'CRON' : 'INTERVAL',
    timeCreated: START + index,
    nextRunAt: START + index * HOUR,
    staleAt: START + (index - 10) * HOUR,
  };
}

describeWithStores('the indexes of the jobs', ['mysql'], () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store: 'mysql' });
    const template = await stored(world, await makeJob(world));
    const rows = Array.from({ length: JOBS }, (_, index) => variant(template, index + 1));
    await world.db.transaction(async (tx) => {
      await insertRows(tx, JobEntity, rows);
      const action = (row: JobRow): string => (row.status === 'RUNNING' ? 'exec' : 'backup');
      const kinds = rows.map((row) => ({ jobId: row.id, project: row.project, action: action(row) }));
      await insertRows(tx, JobActionKindEntity, kinds);
    });
    await world.db.reader.rows('ANALYZE TABLE jobs, job_action_kinds');
  });
  afterAll(() => world.close());

  /** How MariaDB reads the first page of a filter. */
  async function plan(
    filter: JobFilter,
    as: Actor,
    order: 'timeCreated' | 'nextRunAt' = 'timeCreated',
  ): Promise<Step[]> {
    const query = new RowQuery(world.db.reader, JobEntity, 'job');
    addJobFilter(query, ctxOf(as), filter, START);
    const { sql, values } = query.statement(
      '*',
      [order, 'id'].map((property) => ({ property, ascending: false })),
      51,
    );
    return world.db.reader.rows<Step>(`EXPLAIN ${sql}`, values);
  }

  const FILTERS: [string, JobFilter][] = [
    ['nothing', {}],
    ['keys', { keys: ['key-7', 'key-8'] }],
    ['clientIds', { clientIds: ['client-7'] }],
    ['statuses', { statuses: ['RUNNING'] }],
    ['results', { results: ['FAIL'] }],
    ['actions', { actions: ['exec'] }],
    ['scheduleKinds', { scheduleKinds: ['CRON'] }],
    ['nextRunBefore', { nextRunBefore: START + 20 * HOUR }],
    ['nextRunAfter', { nextRunAfter: START + (JOBS - 20) * HOUR }],
    ['stale', { stale: true }],
    ['projects', { projects: ['project-1'] }],
  ];

  const cases = FILTERS.flatMap(([name, filter]) => [
    { name, filter, who: 'a member', as: IN_PROJECT },
    { name, filter, who: 'the admin of all projects', as: ADMIN },
  ]);

  it.each(cases)('$name, for $who: no table is read whole', async ({ filter, as }) => {
    for (const step of await plan(filter, as)) {
      expect(step.key, JSON.stringify(step)).not.toBeNull();
      expect(step.type).not.toBe('ALL');
    }
  });

  it.each(cases.filter(({ name }) => !['nothing', 'projects'].includes(name)))(
    '$name, for $who: what is rare is found by its own index',
    async ({ filter, as }) => {
      const steps = await plan(filter, as);
      const read = steps.reduce((most, step) => Math.max(most, Number(step.rows)), 0);
      expect(read, JSON.stringify(steps)).toBeLessThan(JOBS / 10);
    },
  );

  it('orders by the next run from an index', async () => {
    for (const as of [IN_PROJECT, ADMIN]) {
      const [step] = await plan({}, as, 'nextRunAt');
      expect(step?.key).toMatch(/^ix_jobs_(all_)?next_run$/);
    }
  });

  describe('of due times', () => {
    const END = START + JOBS * HOUR;

    /** One in fifty occurrences is a stretch of ten hours. */
    function occurrence(index: number): OccurrenceRow {
      const scheduledFor = START + index * HOUR;
      const stretch = index % 50 === 0;
      const until = stretch ? scheduledFor + 10 * HOUR : null;
      return {
        ...{ id: `occ_${String(index).padStart(8, '0')}`, backgroundJobId: `bgj_${index % 300}`, kind: JOB_RUN_KIND },
        ...{ subject: `job_${String(1 + (index % 300)).padStart(8, '0')}`, project: `project-${index % 3}` },
        ...{ scheduledFor, until, count: stretch ? 11 : 1, outcome: stretch ? 'MISSED' : 'RAN', reason: null },
        ...{ runId: null, firedAt: scheduledFor, startedAt: scheduledFor, fence: 1, serviceId: 'svc_1' },
      };
    }

    beforeAll(async () => {
      const rows = Array.from({ length: JOBS }, (_, index) => occurrence(index));
      await world.db.transaction((tx) => insertRows(tx, OccurrenceEntity, rows));
      await world.db.reader.rows('ANALYZE TABLE occurrences');
    });

    const window = { to: END, after: null, before: null, limit: 51, now: END };
    const steps = (part: 'WITHIN' | 'REACHING', filter: DueTimeFilter, as: Actor, from: number): Promise<Step[]> => {
      const query = occurrencesIn(world.db.reader, ctxOf(as), { ...window, filter, from }, part);
      return planOf(query, ['scheduledFor', 'id']);
    };

    it.each([
      { name: 'all', filter: {} },
      { name: 'those of a job', filter: { jobs: ['job_00000001'] } },
      { name: 'those of a client', filter: { clientIds: ['client-7'] } },
      { name: 'missed ones', filter: { outcomes: ['MISSED'] } },
    ] satisfies { name: string; filter: DueTimeFilter }[])(
      '$name: what reaches into a late window',
      async ({ filter }) => {
        for (const as of [IN_PROJECT, ADMIN]) {
          const found = await steps('REACHING', filter, as, END - 100 * HOUR);
          expectIndexed(found);
          const [read] = found.filter(({ table }) => table === 'occurrence');
          expect(read?.key, JSON.stringify(found)).toBe('ix_occurrences_stretch');
          expect(mostRows(found), JSON.stringify(found)).toBeLessThan(JOBS / 10);
          expectIndexed(await steps('WITHIN', filter, as, END - 100 * HOUR));
        }
      },
    );
  });
});
