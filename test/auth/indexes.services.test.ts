import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ActivityFilter, activityQuery } from '../../src/auth/activity.js';
import { type TokenFilter, tokenQuery } from '../../src/auth/tokens.js';
import { insertRows } from '../../src/db/write.js';
import { ActivityEntity, type ActivityRow } from '../../src/entities/activity.js';
import { ApiTokenEntity, type ApiTokenRow } from '../../src/entities/api-token.js';
import { ADMIN, actor } from '../kit/actors.js';
import { START } from '../kit/clock.js';
import { expectIndexed, mostRows, planOf } from '../kit/explain.js';
import { describeWithStores } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';

const ROWS = 6_000;
const MEMBER = actor('MEMBER', 'project-1');
const WHO = { 'a member': MEMBER, 'the admin': ADMIN };

const name = (index: number): string => String(index).padStart(8, '0');

function activityRow(index: number): ActivityRow {
  return {
    id: `activity_${name(index)}`,
    project: `project-${index % 20}`,
    actorId: `actor-${index % 100}`,
    actorName: 'somebody',
    role: 'MEMBER',
    action: index % 200 === 0 ? 'jobRemove' : 'jobRunNow',
    subject: `job_${index}`,
    outcome: index % 200 === 0 ? 'FORBIDDEN' : 'OK',
    detail: null,
    via: 'HTTP',
    address: null,
    requestId: 'request',
    at: START + index,
  };
}

function tokenRow(index: number): ApiTokenRow {
  return {
    id: `token_${name(index)}`,
    name: 'a token',
    role: index % 200 === 0 ? 'ADMIN' : 'AGENT',
    project: `project-${index % 20}`,
    clientKey: null,
    secretHash: name(index),
    createdAt: START + index,
    createdBy: 'admin',
    expiresAt: null,
    revokedAt: null,
    revokedBy: null,
    lastUsedAt: null,
  };
}

describeWithStores('the indexes of activity and tokens', ['mysql'], () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store: 'mysql' });
    const indexes = Array.from({ length: ROWS }, (_, index) => index);
    await world.db.transaction(async (tx) => {
      await insertRows(tx, ActivityEntity, indexes.map(activityRow));
      await insertRows(tx, ApiTokenEntity, indexes.map(tokenRow));
    });
    await world.db.reader.rows('ANALYZE TABLE activity, api_tokens');
  });
  afterAll(() => world.close());

  const ACTIVITY: [string, ActivityFilter][] = [
    ['actorId', { actorId: 'actor-1' }],
    ['action', { action: 'jobRemove' }],
    ['subject', { subject: 'job_21' }],
    ['project', { project: 'project-1' }],
    ['outcome', { outcome: 'FORBIDDEN' }],
    ['when', { doneAfter: START + 50, doneBefore: START + 300 }],
  ];
  const TOKENS: [string, TokenFilter][] = [
    ['role', { role: 'ADMIN' }],
    ['project', { project: 'project-1' }],
  ];

  for (const [who, as] of Object.entries(WHO)) {
    it.each(ACTIVITY)(`activity by %s, for ${who}`, async (_name, filter) => {
      const steps = await planOf(activityQuery(world.db.reader, ctxOf(as), filter), ['at', 'id']);
      expectIndexed(steps);
      expect(mostRows(steps), JSON.stringify(steps)).toBeLessThan(ROWS / 10);
    });

    it.each(TOKENS)(`tokens by %s, for ${who}`, async (_name, filter) => {
      const steps = await planOf(tokenQuery(world.db.reader, ctxOf(as), filter), ['createdAt', 'id']);
      expectIndexed(steps);
      expect(mostRows(steps), JSON.stringify(steps)).toBeLessThan(ROWS / 10);
    });

    it(`both come from an index in their order, for ${who}`, async () => {
      const [command] = await planOf(activityQuery(world.db.reader, ctxOf(as), {}), ['at', 'id']);
      const [token] = await planOf(tokenQuery(world.db.reader, ctxOf(as), {}), ['createdAt', 'id']);
      expect(command?.key).toMatch(/^ix_activity_(at|project)$/);
      expect(token?.key).toMatch(/^ix_api_tokens_(created|project)$/);
      for (const step of [command, token]) expect(step?.Extra ?? '').not.toContain('filesort');
    });
  }
});
