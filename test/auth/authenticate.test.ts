import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../src/auth/actor.js';
import { adminTokenPath, provideAdminToken } from '../../src/auth/admin-token.js';
import { MINUTE, SECOND } from '../../src/lib/time.js';
import { type AuthKit, callerOf, startAuth } from './kit.js';

const CONFIGURED = 'a-token-that-the-operator-made-himself';
const CALL = { requestId: 'r', origin: { via: 'HTTP', address: null } } as const;

describe('authentication', () => {
  let auth: AuthKit;
  beforeAll(async () => {
    auth = await startAuth('sqlite', { adminToken: CONFIGURED });
  });
  afterAll(() => auth.stop());

  it('knows the token of the configuration', async () => {
    expect(await auth.whoIs(CONFIGURED)).toMatchObject({ role: 'ADMIN', project: null });
    expect(await auth.whoIs(`${CONFIGURED}x`)).toMatch(/not known/);
  });

  it('asks the database once a second at most', async () => {
    const { text } = await auth.tokens.create(SYSTEM, { name: 'fast', role: 'READER' });
    const credentials = { authorization: `Bearer ${text}`, cookie: null };
    expect(auth.authenticator.authenticate(credentials, CALL)).toBeInstanceOf(Promise);
    await auth.whoIs(text);
    expect(auth.authenticator.authenticate(credentials, CALL)).toMatchObject({ ok: true });
    auth.clock.forward(SECOND);
    expect(auth.authenticator.authenticate(credentials, CALL)).toBeInstanceOf(Promise);
  });

  it('prefers the header to the cookie, and wants one of them', async () => {
    const nothing = await auth.authenticator.authenticate({ authorization: null, cookie: 'other=1' }, CALL);
    expect(nothing).toMatchObject({ ok: false, refusal: { code: 'UNAUTHENTICATED' } });
    const wrong = { authorization: 'Bearer wrong', cookie: 'orrery_session=x.y' };
    expect(await auth.authenticator.authenticate(wrong, CALL)).toMatchObject({ ok: false });
  });

  it('lets a login code be used once, by one of two browsers that come at once', async () => {
    const code = await auth.sessions.makeCode(callerOf('ADMIN').actor);
    const both = await Promise.all([auth.sessions.redeem(code), auth.sessions.redeem(code)]);
    expect(both.filter((session) => session !== null)).toHaveLength(1);
    const cookie = `a=b; orrery_session=${both.find((session) => session !== null)?.cookie}`;
    const found = await auth.authenticator.authenticate({ authorization: null, cookie }, CALL);
    expect(found).toMatchObject({ ok: true, byCookie: true, ctx: { actor: { role: 'ADMIN' } } });
  });

  it('lets a login code grow old in ten minutes', async () => {
    const code = await auth.sessions.makeCode(callerOf('ADMIN').actor);
    auth.clock.forward(10 * MINUTE);
    expect(await auth.sessions.redeem(code)).toBeNull();
  });

  it('ends a session that is logged out', async () => {
    const session = await auth.sessions.redeem(await auth.sessions.makeCode(callerOf('ADMIN').actor));
    const cookie = session?.cookie ?? '';
    expect(await auth.sessions.check(cookie)).toMatchObject({ grant: { role: 'ADMIN' } });
    await auth.sessions.end(cookie);
    expect(await auth.sessions.check(cookie)).toMatchObject({ code: 'UNAUTHENTICATED' });
    await auth.sessions.end('nothing.at-all');
  });
});

describe('the first admin token', () => {
  let auth: AuthKit;
  let folder: string;
  beforeAll(async () => {
    auth = await startAuth('sqlite');
    folder = await mkdtemp(join(tmpdir(), 'orrery-admin-'));
  });
  afterAll(async () => {
    await auth.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const text = async (): Promise<string> => (await readFile(adminTokenPath(folder), 'utf8')).trim();

  it('is made once, for its owner only, also when two processes start at once', async () => {
    const [one, two] = await Promise.all([
      provideAdminToken(auth.parts, folder),
      provideAdminToken(auth.parts, folder),
    ]);
    expect(one.owner.id).toBe(two.owner.id);
    expect((await stat(one.path)).mode & 0o777).toBe(0o600);
    expect(await auth.whoIs(await text())).toMatchObject({ role: 'ADMIN' });
    expect((await provideAdminToken(auth.parts, folder)).owner.id).toBe(one.owner.id);
  });

  it('gets its row back in a fresh database', async () => {
    const token = await text();
    await auth.db.transaction((tx) => tx.execute('DELETE FROM api_tokens'));
    await provideAdminToken(auth.parts, folder);
    expect(await text()).toBe(token);
    expect(await auth.whoIs(token)).toMatchObject({ role: 'ADMIN' });
  });

  it('is replaced when it was revoked or is no token', async () => {
    const { owner } = await provideAdminToken(auth.parts, folder);
    const token = await text();
    await auth.tokens.revoke(SYSTEM, owner.id);
    expect((await provideAdminToken(auth.parts, folder)).owner.id).not.toBe(owner.id);
    expect(await text()).not.toBe(token);
    await writeFile(adminTokenPath(folder), 'nonsense');
    await provideAdminToken(auth.parts, folder);
    expect(await auth.whoIs(await text())).toMatchObject({ role: 'ADMIN' });
  });
});
