import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertRows } from '../../src/db/write.js';
import { ClientEntity, type ClientRow } from '../../src/entities/client.js';
import { type ClientFilter, clientQuery } from '../../src/jobs/client-list.js';
import { OFFLINE_AFTER } from '../../src/jobs/client-presence.js';
import { ADMIN, actor } from '../kit/actors.js';
import { START } from '../kit/clock.js';
import { expectIndexed, mostRows, planOf } from '../kit/explain.js';
import { describeWithStores } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';

const CLIENTS = 6_000;
const MEMBER = actor('MEMBER', 'project-1');

function rowOf(index: number): ClientRow {
  return {
    id: `client_${String(index).padStart(8, '0')}`,
    project: `project-${index % 3}`,
    key: `client-${index}`,
    slot: '',
    hostname: `host-${index}`,
    description: '',
    version: '1',
    capabilities: {},
    sessionId: `session-${index}`,
    createdAt: START + index,
    lastSeenAt: START + index * 1_000,
  };
}

describeWithStores('the indexes of clients', ['mysql'], () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store: 'mysql' });
    const rows = Array.from({ length: CLIENTS }, (_, index) => rowOf(index));
    await world.db.transaction((tx) => insertRows(tx, ClientEntity, rows));
    await world.db.reader.rows('ANALYZE TABLE clients');
  });
  afterAll(() => world.close());

  const FILTERS: [string, ClientFilter, number][] = [
    ['keys', { keys: ['client-7', 'client-8'] }, START],
    ['hostnames', { hostnames: ['host-7'] }, START],
    ['online', { states: ['ONLINE'] }, START + CLIENTS * 1_000],
    ['offline', { states: ['OFFLINE'] }, START + OFFLINE_AFTER + 20_000],
  ];
  const ORDERS = ['createdAt', 'lastSeenAt'] as const;
  const WHO = { 'a member': MEMBER, 'the admin': ADMIN };

  for (const [who, as] of Object.entries(WHO)) {
    it.each(FILTERS)(`what is rare is found by an index: %s, for ${who}`, async (_name, filter, now) => {
      for (const order of ORDERS) {
        const steps = await planOf(clientQuery(world.db.reader, ctxOf(as), filter, now), [order, 'id']);
        expectIndexed(steps);
        expect(mostRows(steps), JSON.stringify(steps)).toBeLessThan(CLIENTS / 10);
      }
    });

    it.each(ORDERS)(`they come from an index in the order %s, for ${who}`, async (order) => {
      const [step] = await planOf(clientQuery(world.db.reader, ctxOf(as), {}, START), [order, 'id']);
      expect(step?.key).toMatch(/^ix_clients_(all|all_seen|created|seen)$/);
      expect(step?.Extra ?? '').not.toContain('filesort');
    });
  }
});
