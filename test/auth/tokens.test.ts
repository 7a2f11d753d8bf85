import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../src/auth/actor.js';
import { formatToken, hashSecret, makeSecret, parseToken, secretFits } from '../../src/auth/secret.js';
import { InvalidInputError, NotFoundError } from '../../src/lib/errors.js';
import { systemIds } from '../../src/lib/ids.js';
import { DAY, SECOND } from '../../src/lib/time.js';
import { storeKinds } from '../kit/stores.js';
import { type AuthKit, callerOf, startAuth } from './kit.js';

describe('the text of a token', () => {
  it('holds its id and secret, and shows every mistyped letter', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.nat(),
        fc.string({ minLength: 1 }),
        (bytes, at, letter) => {
          const id = systemIds.next('token');
          const secret = makeSecret(() => Buffer.from(bytes));
          const text = formatToken(id, secret);
          expect(text).toMatch(/^orr_[0-9a-f]{32}_[A-Za-z0-9_-]{51}$/);
          expect(parseToken(text)).toEqual({ id, secret });
          const place = at % text.length;
          const wrong = text.slice(0, place) + letter.charAt(0) + text.slice(place + 1);
          if (wrong !== text) expect(parseToken(wrong)).toBeNull();
        },
      ),
    );
  });

  it('fits its hash and no other', () => {
    expect(secretFits('a', hashSecret('a'))).toBe(true);
    expect(secretFits('a', hashSecret('b'))).toBe(false);
    expect(secretFits('a', '')).toBe(false);
  });
});

describe.each(storeKinds())('API tokens on %s', (kind) => {
  let auth: AuthKit;
  beforeAll(async () => {
    auth = await startAuth(kind);
  });
  afterAll(() => auth.stop());

  it('stand for what they were made for, and are stored as a hash only', async () => {
    const { token, text } = await auth.tokens.create(SYSTEM, { name: 'ci', role: 'MEMBER', project: 'blue' });
    expect(await auth.whoIs(text)).toMatchObject({
      id: token.id,
      name: 'ci',
      role: 'MEMBER',
      project: 'blue',
      clientKey: null,
    });
    const rows = await auth.db.reader.rows('SELECT * FROM api_tokens');
    expect(JSON.stringify(rows)).not.toContain(text.slice(-51, -8));
  });

  it('end when their time is over', async () => {
    const expiresAt = auth.clock.now() + DAY;
    const { text } = await auth.tokens.create(SYSTEM, { name: 'short', role: 'READER', expiresAt });
    expect(await auth.whoIs(text)).toMatchObject({ expiresAt });
    auth.clock.forward(DAY);
    expect(await auth.whoIs(text)).toMatch(/expired at/);
  });

  it('end at once when they are revoked, with their sessions, and whoever listens is told', async () => {
    const { token, text } = await auth.tokens.create(SYSTEM, { name: 'leaked', role: 'READER' });
    const before = await auth.whoIs(text);
    if (typeof before === 'string') throw new Error(before);
    const session = await auth.sessions.redeem(await auth.sessions.makeCode(before));
    const ended: string[] = [];
    const off = auth.revocations.onEnd((id) => ended.push(id));
    expect((await auth.tokens.revoke(SYSTEM, token.id)).outcome).toBe('REVOKED');
    off();
    expect(ended).toEqual([token.id]);
    expect(await auth.whoIs(text)).toMatch(/revoked/);
    expect(await auth.sessions.check(session?.cookie ?? '')).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await auth.tokens.revoke(SYSTEM, token.id)).outcome).toBe('ALREADY_REVOKED');
  });

  it('made after a revocation share no rights key with those before it', async () => {
    const first = await auth.tokens.create(SYSTEM, { name: 'a', role: 'READER', project: 'blue' });
    const second = await auth.tokens.create(SYSTEM, { name: 'b', role: 'READER', project: 'blue' });
    const keyOf = async (text: string): Promise<string> => {
      const actor = await auth.whoIs(text);
      return typeof actor === 'string' ? actor : actor.rightsKey;
    };
    const shared = await keyOf(first.text);
    expect(await keyOf(second.text)).toBe(shared);
    await auth.tokens.revoke(SYSTEM, first.token.id);
    expect(await keyOf(second.text)).not.toBe(shared);
  });

  it('revoked by another process end within a second', async () => {
    const { token, text } = await auth.tokens.create(SYSTEM, { name: 'elsewhere', role: 'READER' });
    expect(await auth.whoIs(text)).toMatchObject({ id: token.id });
    await auth.db.transaction((tx) => tx.execute('UPDATE api_tokens SET revoked_at = 1 WHERE id = ?', [token.id]));
    auth.clock.forward(SECOND);
    expect(await auth.whoIs(text)).toMatch(/revoked/);
  });

  it('note when they were used last', async () => {
    const { token, text } = await auth.tokens.create(SYSTEM, { name: 'used', role: 'READER' });
    await auth.whoIs(text);
    const lastUsed = async (): Promise<number | null> => (await auth.tokens.find(SYSTEM, token.id))?.lastUsedAt ?? null;
    await expect.poll(lastUsed).toBe(auth.clock.now());
  });

  it.each([
    ['a member cannot make an admin', callerOf('MEMBER', 'blue'), { name: 'x', role: 'ADMIN' as const }, 'role'],
    ['a member cannot make an operator', callerOf('MEMBER', 'blue'), { name: 'x', role: 'OPERATOR' as const }, 'role'],
    [
      'a member cannot reach another project',
      callerOf('MEMBER', 'blue'),
      { name: 'x', role: 'READER' as const, project: 'red' },
      'project',
    ],
    ['an operator cannot make an operator', callerOf('OPERATOR'), { name: 'x', role: 'OPERATOR' as const }, 'role'],
    [
      'a reader cannot make any',
      callerOf('READER', 'blue'),
      { name: 'x', role: 'READER' as const, project: 'blue' },
      'role',
    ],
    ['a member needs a project', SYSTEM, { name: 'x', role: 'MEMBER' as const }, 'project'],
    ['an agent needs a client', SYSTEM, { name: 'x', role: 'AGENT' as const, project: 'blue' }, 'clientKey'],
    ['a reader has no client', SYSTEM, { name: 'x', role: 'READER' as const, client: 'host' }, 'clientKey'],
    ['a name is not empty', SYSTEM, { name: ' ', role: 'READER' as const }, 'name'],
    ['an end lies ahead', SYSTEM, { name: 'x', role: 'READER' as const, expiresAt: 1 }, 'expiresAt'],
  ])('%s', async (_what, ctx, input, field) => {
    const failure = auth.tokens.create(ctx, input);
    await expect(failure).rejects.toBeInstanceOf(InvalidInputError);
    await expect(failure).rejects.toMatchObject({ inputPath: [field] });
  });

  it('live no longer than their maker', async () => {
    const maker = callerOf('MEMBER', 'blue');
    maker.actor.expiresAt = auth.clock.now() + DAY;
    const { token } = await auth.tokens.create(maker, {
      name: 'x',
      role: 'READER',
      expiresAt: auth.clock.now() + 9 * DAY,
    });
    expect(token).toMatchObject({ project: 'blue', expiresAt: maker.actor.expiresAt });
  });

  it('of another project are not to be found, listed or revoked', async () => {
    const { token } = await auth.tokens.create(SYSTEM, { name: 'hidden', role: 'MEMBER', project: 'red' });
    const member = callerOf('MEMBER', 'blue');
    expect(await auth.tokens.find(member, token.id)).toBeNull();
    const page = await auth.tokens.list(member, {}, 'DESC', { first: 500 });
    expect(page.edges.every((edge) => edge.node.project === 'blue')).toBe(true);
    await expect(auth.tokens.revoke(member, token.id)).rejects.toBeInstanceOf(NotFoundError);
    await expect(auth.tokens.revoke(member, 'token_nothing')).rejects.toBeInstanceOf(NotFoundError);
  });

  it('are in the activity: who, what, when, from where', async () => {
    const ctx = callerOf('MEMBER', 'green');
    const { token } = await auth.tokens.create(ctx, { name: 'seen', role: 'READER' });
    await auth.tokens.revoke(ctx, token.id);
    const page = await auth.activities.list(ctx, { subject: token.id }, 'OLDEST_FIRST', {});
    expect(page.edges.map((edge) => edge.node)).toMatchObject([
      { action: 'apiTokenCreate', actorId: 'member-green', outcome: 'OK', address: '10.0.0.1', project: 'green' },
      { action: 'apiTokenRevoke', subject: token.id, requestId: 'request', at: auth.clock.now() },
    ]);
    const others = await auth.activities.list(callerOf('MEMBER', 'blue'), { subject: token.id }, 'NEWEST_FIRST', {});
    expect(others.edges).toEqual([]);
    const facts = await auth.db.reader.rows(
      "SELECT * FROM events WHERE topic = 'activityRecorded' AND project = 'green'",
    );
    expect(facts).toHaveLength(2);
  });

  it('leave activity that ends with its time', async () => {
    await auth.activities.recordApart(callerOf('ADMIN'), {
      action: 'jobStop',
      subject: null,
      project: null,
      outcome: 'NOT_FOUND',
    });
    const before = auth.clock.now();
    await auth.activities.purge(before, 100);
    expect(await auth.activities.purge(before, 100)).toBe(0);
    expect(await auth.activities.purge(before + 1, 1)).toBe(1);
  });
});
