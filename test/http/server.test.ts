import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '../../src/auth/actor.js';
import { startTestServer, type TestServer } from './kit/server.js';

const ADMIN: Actor = {
  id: 'somebody',
  name: 'somebody',
  userId: 'somebody',
  role: 'ADMIN',
  project: null,
  clientKey: null,
  rightsKey: 'x',
  expiresAt: null,
};

describe('the server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      http: { corsOrigins: ['https://console.example'] },
      trustedProxies: ['127.0.0.1'],
    });
  });
  afterAll(() => server.stop());
  const at = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://127.0.0.1:${server.http.port}${path}`, { redirect: 'manual', ...init });

  it('logs a browser in once by a code, with a cookie that scripts and other sites cannot use', async () => {
    const code = await server.sessions.makeCode(ADMIN);
    expect((await at(`/login?code=${code}`, { method: 'HEAD' })).status).toBe(405);
    const login = await at(`/login?code=${code}`);
    expect(login.status).toBe(200);
    expect(await login.text()).toContain('url=/graphql');
    const cookie = login.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const headers = { 'content-type': 'application/json', cookie: cookie.split(';', 1)[0] ?? '' };
    const answer = await at('/graphql', { method: 'POST', headers, body: '{"query":"{ hello }"}' });
    expect(await answer.json()).toEqual({ data: { hello: 'Hello you' } });
    expect((await at(`/login?code=${code}`)).status).toBe(401);
    const logout = await at('/logout', { method: 'POST', headers });
    expect(logout.headers.get('set-cookie')).toContain('Max-Age=0');
  });

  it('logs nobody in without a code', async () => {
    expect((await at('/login')).status).toBe(401);
    expect((await at('/login?code=guess')).status).toBe(401);
  });

  it('serves GraphiQL with all it needs, and lets nothing come from elsewhere', async () => {
    const page = await at('/graphql', { headers: { accept: 'text/html,application/xhtml+xml,*/*' } });
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await page.text();
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    const own = files.filter((file) => file.startsWith('/graphql/assets/'));
    expect(own.length).toBeGreaterThanOrEqual(4);
    expect(files.filter((file) => !own.includes(file))).toEqual(['data:,']);
    const workers = ['editorWorkerService', 'json', 'graphql'].map((name) => `/graphql/assets/${name}.worker.js`);
    for (const file of [...own, ...workers]) {
      const asset = await at(file);
      expect(asset.status).toBe(200);
      expect((await asset.text()).length).toBeGreaterThan(20);
    }
    const css = await (await at('/graphql/assets/graphiql.css')).text();
    const foreign = [...css.matchAll(/url\(\s*["']?([^)"']+)/g)].filter((match) => !match[1]?.startsWith('data:'));
    expect(foreign).toEqual([]);
    expect(css).not.toMatch(/@import/);
    expect((await at('/graphql/assets/nothing.js')).status).toBe(404);
  });

  it('tells how it is, and names what is degraded', async () => {
    expect(await (await at('/health/live')).json()).toMatchObject({ status: 'live', product: 'orrery' });
    expect(await (await at('/health/ready')).json()).toEqual({ status: 'ready', degraded: [], down: [], reasons: {} });
    server.health.report('redis', 'DEGRADED', 'polling');
    expect(await (await at('/health/ready')).json()).toEqual({
      status: 'degraded',
      degraded: ['redis'],
      down: [],
      reasons: { redis: 'polling' },
    });
    const remove = server.health.probe('database', () => Promise.reject(new Error('away')));
    const down = await at('/health/ready');
    expect(down.status).toBe(503);
    expect(await down.json()).toEqual({
      status: 'not ready',
      degraded: ['redis'],
      down: ['database'],
      reasons: { database: 'does not answer', redis: 'polling' },
    });
    remove();
    server.health.report('redis', 'UP');
  });

  it('shows its numbers to Prometheus', async () => {
    await server.post({ query: '{ hello }' });
    const text = await (await at('/metrics')).text();
    expect(text).toContain('orrery_operation_duration_seconds_count{kind="query",outcome="ok"}');
  });

  it('lets only the origins named read answers, and answers preflights', async () => {
    const ask = (origin: string): Promise<Response> =>
      at('/graphql', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
    expect((await ask('https://console.example')).headers.get('access-control-allow-origin')).toBe(
      'https://console.example',
    );
    expect((await ask('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    expect((await ask('https://console.example')).headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('cuts off who sends too large a header, and who sends one drop by drop', async () => {
    const large = await at('/health/live', { headers: { 'x-large': 'x'.repeat(20_000) } });
    expect(large.status).toBe(431);
    const { headersTimeout, requestTimeout } = server.http.server;
    expect({ headersTimeout, requestTimeout }).toEqual({ headersTimeout: 10_000, requestTimeout: 30_000 });
  });

  it('says what is not there, and which method a path takes', async () => {
    expect((await at('/nothing')).status).toBe(404);
    expect((await at('/health/live', { method: 'POST' })).status).toBe(405);
    expect((await at('/')).headers.get('location')).toBe('/graphql');
  });
});

describe('a port that is taken', () => {
  it('by another Orrery is said with its name', async () => {
    const first = await startTestServer();
    const second = startTestServer({ http: { port: first.http.port } });
    await expect(second).rejects.toThrow(/another Orrery server \("test"\) holds it.*ORRERY_PORT/);
    await first.stop();
  });

  it('by another program is said, with its process where the system shows it', async () => {
    const other = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const holder = process.platform === 'linux' ? `process ${process.pid}` : 'another program';
    await expect(startTestServer({ http: { port } })).rejects.toThrow(holder);
    await new Promise((resolve) => other.close(resolve));
  });
});

describe('a stop', () => {
  it('waits for what is under way', async () => {
    const server = await startTestServer();
    const answer = server.post({ query: '{ slow }' });
    const running = async (): Promise<string> => (await fetch(`http://127.0.0.1:${server.http.port}/metrics`)).text();
    await expect.poll(running).toContain('orrery_operations_running 1');
    const stopped = server.http.stop();
    server.release();
    expect(await (await answer).json()).toEqual({ data: { slow: 'done' } });
    await stopped;
    await expect(fetch(`http://127.0.0.1:${server.http.port}/health/live`)).rejects.toThrow();
    await server.db.close();
  });
});
