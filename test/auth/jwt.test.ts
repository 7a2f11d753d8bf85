import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Identity, Refusal } from '../../src/auth/identity.js';
import { createJwtCheck, type JwtOptions, roleFromClaim } from '../../src/auth/jwt.js';

describe('JWTs', () => {
  let provider: Server;
  let options: JwtOptions;
  let check: (text: string) => Promise<Identity | Refusal>;
  let sign: (claims: JWTPayload, change?: (jwt: SignJWT) => SignJWT) => Promise<string>;
  let forge: (claims: JWTPayload) => Promise<string>;

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    provider = createServer((_req, res) =>
      res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] })),
    );
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    const address = provider.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    options = {
      jwksUrl: `http://127.0.0.1:${port}/jwks`,
      issuer: 'https://id.example',
      audience: 'orrery',
      rolesClaim: 'realm_access.roles',
      projectClaim: 'tenant',
      clientClaim: 'client',
      nameClaim: 'preferred_username',
      rolePrefix: 'orrery:',
    };
    check = createJwtCheck(options);
    const base = (claims: JWTPayload): SignJWT =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(options.issuer)
        .setAudience(options.audience)
        .setSubject('user-1')
        .setExpirationTime('1h');
    sign = (claims, change = (jwt) => jwt) => change(base(claims)).sign(privateKey);
    const other = await generateKeyPair('ES256');
    forge = (claims) => base(claims).sign(other.privateKey);
  });
  afterAll(() => new Promise((resolve) => provider.close(resolve)));

  const member = { realm_access: { roles: ['offline', 'orrery:member', 'orrery:reader'] }, tenant: 'blue' };

  it('give the strongest role that their claim names, and their project', async () => {
    const token = await sign({ ...member, preferred_username: 'Ada' });
    expect(await check(token)).toMatchObject({
      id: 'jwt:user-1',
      userId: 'user-1',
      name: 'Ada',
      grant: { role: 'MEMBER', project: 'blue', clientKey: null },
    });
  });

  it('of an admin reach every project, of an agent one client', async () => {
    const admin = await sign({ realm_access: { roles: ['orrery:admin'] }, tenant: 'blue' });
    expect(await check(admin)).toMatchObject({ grant: { role: 'ADMIN', project: null } });
    const agent = await sign({ realm_access: { roles: ['orrery:agent'] }, tenant: 'blue', client: 'host-1' });
    expect(await check(agent)).toMatchObject({ grant: { role: 'AGENT', project: 'blue', clientKey: 'host-1' } });
  });

  it.each([
    ['names no role', { realm_access: { roles: ['admin'] } }, /names no role/],
    ['is a member of no project', { realm_access: { roles: ['orrery:member'] } }, /"tenant" does not say it/],
    [
      'is an agent of no client',
      { realm_access: { roles: ['orrery:agent'] }, tenant: 'blue' },
      /"client" does not say it/,
    ],
    ...['blue ', ' blue', 'default\u0000x', 'blue\n', 'b'.repeat(100)].map((tenant): [string, JWTPayload, RegExp] => [
      `says of its project ${JSON.stringify(tenant)}`,
      { ...member, tenant },
      /A project's name has 1 to 64 characters, .*"tenant" is none such/,
    ]),
    [
      'names a client that is none',
      { realm_access: { roles: ['orrery:agent'] }, tenant: 'blue', client: 'host ' },
      /"client" is none such/,
    ],
  ])('that %s is refused', async (_what, claims, message) => {
    expect(await check(await sign(claims))).toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringMatching(message),
    });
  });

  it('whose subject the store and the program may compare differently is refused', async () => {
    for (const subject of ['user-1 ', 'user-1\u0000x', 'u'.repeat(251)]) {
      const token = await sign(member, (jwt) => jwt.setSubject(subject));
      expect(await check(token)).toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('"sub"') });
    }
  });

  it.each([
    ['of another issuer', (jwt: SignJWT) => jwt.setIssuer('https://evil.example'), /"iss"/],
    ['for another audience', (jwt: SignJWT) => jwt.setAudience('mail'), /"aud"/],
    ['whose time is over', (jwt: SignJWT) => jwt.setExpirationTime('-5m'), /expired/],
    ['not valid yet', (jwt: SignJWT) => jwt.setNotBefore('1h'), /"nbf"/],
  ])('%s is refused', async (_what, change, message) => {
    expect(await check(await sign(member, change))).toMatchObject({ message: expect.stringMatching(message) });
  });

  it('whose time is just over has its rights as long as it is let in', async () => {
    const exp = Math.floor(Date.now() / 1_000) - 11;
    const found = await check(await sign(member, (jwt) => jwt.setExpirationTime(exp)));
    expect(found).toMatchObject({ id: 'jwt:user-1', expiresAt: (exp + 30) * 1_000 });
  });

  it('signed by somebody else, by a shared secret or by nobody is refused', async () => {
    expect(await check(await forge(member))).toMatchObject({ code: 'UNAUTHENTICATED' });
    const shared = await new SignJWT(member).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(Buffer.alloc(32));
    expect(await check(shared)).toMatchObject({ code: 'UNAUTHENTICATED' });
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.x`;
    expect(await check(none)).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('cannot be judged while the provider is away, which is not the caller’s fault', async () => {
    const away = createJwtCheck({ ...options, jwksUrl: 'http://127.0.0.1:1/jwks' });
    expect(await away(await sign(member))).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('may name roles in a text as well', () => {
    expect(roleFromClaim('reader, OPERATOR', '')).toBe('OPERATOR');
    expect(roleFromClaim(undefined, '')).toBeNull();
    expect(roleFromClaim([7, null], '')).toBeNull();
  });
});
