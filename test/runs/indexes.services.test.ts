import { afterAll, beforeAll, expect, it } from 'vitest';
import { RowQuery } from '../../src/db/row-query.js';
import { insertRows } from '../../src/db/write.js';
import { JobRunEntity, type JobRunRow } from '../../src/entities/run.js';
import { addRunFilter, type RunFilter, type RunOrder } from '../../src/jobs/run-list.js';
import { systemIds } from '../../src/lib/ids.js';
import { ADMIN, MEMBER } from '../kit/actors.js';
import { describeWithStores } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';

const ROWS = 6_000;

function rowOf(index: number): JobRunRow {
  const rare = index % 500 === 0;
  return {
    id: systemIds.next('run'),
    jobId: `job_${index % 300}`,
    project: index % 3 === 0 ? 'default' : 'other',
    clientKey: `client-${index % 200}`,
    jobRevision: 1,
    trigger: rare ? 'MANUAL' : 'SCHEDULE',
    scheduledFor: index,
    state: rare ? 'RUNNING' : 'ENDED',
    status: rare ? 'RUNNING' : index % 600 === 7 ? 'ERROR' : 'READY',
    result: rare ? null : index % 600 === 7 ? 'FAIL' : 'SUCCESS',
    startedAt: 1_000_000 + index,
    endedAt: null,
    actions: [],
    actionDefaults: {},
    createdAt: index,
    waitUntil: null,
    leaseOwner: null,
    leaseUntil: rare ? 5_000_000 + index : null,
    fence: 1,
    abortRequestedAt: null,
    abortReason: null,
    requestedBy: null,
    nextAttemptAt: null,
    progressSequence: 0,
    outputPosition: 0,
    outputBytes: 0,
    outputLines: 0,
  };
}

interface Explained {
  table: string;
  type: string;
  key: string | null;
  rows: number | string;
}

describeWithStores('the indexes of runs', ['mysql'], () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store: 'mysql' });
    const rows = Array.from({ length: ROWS }, (_, index) => rowOf(index));
    await world.db.transaction((tx) => insertRows(tx, JobRunEntity, rows));
    await world.db.manager.query('ANALYZE TABLE job_runs');
  });
  afterAll(() => world.close());

  async function explain(sql: string, values: unknown[]): Promise<Explained[]> {
    return world.db.manager.query(`EXPLAIN ${sql}`, values);
  }

  const filters: [string, RunFilter][] = [
    ['none', {}],
    ['jobIds', { jobIds: ['job_1'] }],
    ['clientIds', { clientIds: ['client-3'] }],
    ['statuses', { statuses: ['ERROR'] }],
    ['states', { states: ['RUNNING'] }],
    ['results', { results: ['FAIL'] }],
    ['triggers', { triggers: ['MANUAL'] }],
    ['startedAfter', { startedAfter: 1_000_000 + ROWS - 30 }],
    ['startedBefore', { startedBefore: 1_000_020 }],
  ];
  const orders: RunOrder['field'][] = ['CREATED_AT', 'STARTED_AT'];

  for (const as of [MEMBER, ADMIN]) {
    for (const [name, filter] of filters) {
      it(`serve the filter ${name} for the role ${as.role}`, async () => {
        const query = new RowQuery(world.db.reader, JobRunEntity, 'run');
        addRunFilter(query, ctxOf(as), filter);
        const { sql, values } = query.statement('*', [{ property: 'id', ascending: false }], 51);
        const [plan] = await explain(sql, values);
        expect(plan?.type).not.toBe('ALL');
        expect(plan?.key).not.toBeNull();
        expect(Number(plan?.rows)).toBeLessThan(name === 'none' ? ROWS : ROWS / 4);
      });
    }
    for (const field of orders) {
      it(`serve the order ${field} for the role ${as.role} without sorting`, async () => {
        const query = new RowQuery(world.db.reader, JobRunEntity, 'run');
        addRunFilter(query, ctxOf(as), {});
        const properties = field === 'CREATED_AT' ? ['id'] : ['startedAt', 'id'];
        const order = properties.map((property) => ({ property, ascending: false }));
        const { sql, values } = query.statement('*', order, 51);
        const [plan] = await explain(sql, values);
        expect(plan).not.toMatchObject({ Extra: expect.stringContaining('filesort') });
      });
    }
  }

  it('serve the chore that looks for what is overdue', async () => {
    const sql = "SELECT id FROM job_runs WHERE state = 'RUNNING' AND lease_until <= ? ORDER BY lease_until LIMIT 50";
    const [plan] = await explain(sql, [5_000_100]);
    expect(plan).toMatchObject({ key: 'ix_job_runs_lease' });
  });

  it("serve an agent's open work", async () => {
    const sql = `SELECT id FROM job_runs WHERE client_key = ? AND project = ? AND (state = 'WAITING' OR (state = 'RUNNING'
      AND abort_requested_at IS NOT NULL)) ORDER BY id LIMIT 1000`;
    const [plan] = await explain(sql, ['client-3', 'default']);
    expect(['ix_job_runs_client', 'ix_job_runs_client_list']).toContain(plan?.key);
  });
});
