import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nextOf, openSocket } from '../api/socket.js';
import { startTestServer, type TestServer } from '../kit/server.js';

let provider: Server;
let server: TestServer;
let sign: (expiresAt: number) => Promise<string>;
beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  provider = createServer((_req, res) => res.end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const jwksUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks`;
  sign = (expiresAt) =>
    new SignJWT({ roles: 'admin' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer('https://id.example')
      .setAudience('orrery')
      .setSubject('ada')
      .setExpirationTime(expiresAt)
      .sign(privateKey);
  const jwt = { jwksUrl, jwtIssuer: 'https://id.example', jwtAudience: 'orrery', jwtRolesClaim: 'roles' };
  server = await startTestServer({ flags: jwt });
});
afterAll(async () => {
  await server.stop();
  await new Promise((resolve) => provider.close(resolve));
});

it('a JWT in its seconds of grace opens a WebSocket that stays open', async () => {
  const exp = Math.floor(Date.now() / 1_000) - 1;
  const socket = openSocket(server.endpoint, await sign(exp));
  const changes = socket.follow('subscription { jobStatusChanged { cursor } }');
  const next = changes.next();
  const expiresAt = new Date((exp + 30) * 1_000).toISOString();
  const viewer = await nextOf(socket.follow('{ viewer { expiresAt } }'));
  expect(viewer).toEqual({ data: { viewer: { expiresAt } } });
  const open = Symbol('open');
  expect(await Promise.race([socket.closed, Promise.resolve(open)])).toBe(open);
  await socket.end();
  await next;
});
