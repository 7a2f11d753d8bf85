import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { effectiveAction } from '../../src/jobs/effective-action.js';
import { createWorld, type World } from '../kit/world.js';
import { command, jobOf } from './kit.js';
import { SEED, seed } from './seed.js';

/** What the server owns in a document: everything else comes back as it was. */
const OWNED = ['job_id', 'client_id', 'user_id'];
const OWNED_SCHEDULE = ['status', 'event', 'result', 'time_created', 'time_started', 'time_ended'];

type Json = Record<string, unknown>;

const without = (object: Json, keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/** A document without what the server owns, and without a schedule that says nothing. */
function bare(document: Json): Json {
  const inner = (document.job ?? document) as Json;
  const schedule = without((inner.job_schedule ?? {}) as Json, OWNED_SCHEDULE);
  return { ...without(inner, [...OWNED, 'job_schedule']), schedule };
}

describe('the documents of the seed', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  it('are all here', () => {
    expect(SEED.map(({ name }) => name)).toHaveLength(14);
  });

  it.each(SEED)('$name: imports, and exports equal', async ({ name, document }) => {
    const project = name.replace(/\W+/g, '-');
    const job = jobOf(await command(world, 'jobImport', { document, clientId: 'client-1', project }));
    const exported = job.document as Json;
    expect(bare(exported)).toEqual(bare(document));
    expect('job' in exported).toBe('job' in document);
    const again = jobOf(await command(world, 'jobImport', { document: exported, project: `${project}-2` }));
    expect(bare(again.document as Json)).toEqual(bare(document));
  });

  it('keep job_id, client_id, user_id and history when an admin imports them', async () => {
    const document = seed('finished job with result');
    const job = jobOf(await command(world, 'jobImport', { document, project: 'kept' }));
    expect(job.document).toEqual(document);
    expect(job).toMatchObject({ status: 'STOPPED', result: 'SUCCESS', timeCreated: new Date(1_234_000).toISOString() });
  });

  it('begin as status and event say', async () => {
    const begin = async (name: string) => {
      const answer = await command(world, 'jobImport', { document: seed(name), project: `begin-${name.length}` });
      return [jobOf(answer).status, ...(answer.warnings ?? [])];
    };
    expect(await begin('daily backup')).toEqual(['SCHEDULED']);
    expect(await begin('multiple scheduling choices')).toEqual([
      'SCHEDULED',
      'schedule_day: "mon, wed, fri" names weekdays; it is read as schedule_day_of_week.',
    ]);
    expect(await begin('scheduled one shot')).toEqual([
      'COMPLETED',
      'job_schedule: has no due time ahead; the job is COMPLETED and will not run by itself.',
    ]);
  });

  it('"is equivalent to": the defaults give the same actions as those written out', () => {
    const actionsOf = (name: string): Json[] => {
      const { job } = seed(name) as { job: { action_defaults?: Json; job_actions: { freezer_action: Json }[] } };
      return job.job_actions.map((action) => effectiveAction(job.action_defaults ?? {}, action.freezer_action));
    };
    expect(actionsOf('actions default values')).toEqual(actionsOf('is equivalent to'));
  });
});
