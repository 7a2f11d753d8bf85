import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Finished, missingPrograms, run } from '../kit/programs.js';
import { describeUnless } from '../kit/stores.js';

const script = fileURLToPath(new URL('../../scripts/services.sh', import.meta.url));

describeUnless(missingPrograms(['redis-server', 'mariadbd']), 'scripts/services.sh', () => {
  let parent: string;
  let directory: string;
  let lines: string;

  function services(...args: string[]): Finished {
    return run(script, [...args, '--dir', directory]);
  }

  beforeAll(() => {
    parent = mkdtempSync(join(tmpdir(), 'orrery-services-test-'));
    directory = join(parent, 'set');
    const up = services('up', 'redis', 'mariadb');
    expect(up).toMatchObject({ code: 0, err: 'services: starting redis\nservices: starting mariadb\n' });
    lines = up.out;
  });

  afterAll(() => {
    services('down');
    rmSync(parent, { recursive: true });
  });

  it('prints where the servers are, on ports below those of outgoing connections', () => {
    expect(lines).toMatch(
      /^ORRERY_TEST_DATABASE_URL=mysql:\/\/orrery:\w+@127\.0\.0\.1:\d+\/orrery_test\nORRERY_TEST_REDIS_URL=redis:\/\/127\.0\.0\.1:\d+\n$/,
    );
    const ports = [...lines.matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => Number(match[1]));
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });

  it('does nothing when asked to start what runs', () => {
    const again = services('up', 'redis', 'mariadb');
    expect(again).toEqual({ code: 0, out: lines, err: '' });
  });

  it('prints variables for the shell, for tests and for the server', () => {
    expect(services('env').out).toBe(lines.replaceAll(/^/gm, 'export ').replace(/export $/, ''));
    expect(services('env', '--server').out).toMatch(/^export ORRERY_DATABASE_URL=mysql:.+\/orrery\n/);
  });

  it('brings a killed server back with its data, on its port', async () => {
    const url = /DATABASE_URL=(.+)/.exec(lines)?.[1] ?? '';
    const before = await createConnection(url);
    await before.query('CREATE TABLE kept (id INT PRIMARY KEY)');
    await before.query('INSERT INTO kept VALUES (7)');
    before.on('error', () => {});
    expect(services('kill', 'mariadb').code).toBe(0);
    const status = services('status');
    expect(status.code).toBe(1);
    expect(status.out).toMatch(/^mariadb: not running\nredis: answers on .+\n$/);

    expect(services('start', 'mariadb').code).toBe(0);
    const after = await createConnection(url);
    expect((await after.query<RowDataPacket[]>('SELECT id FROM kept'))[0]).toEqual([{ id: 7 }]);
    await after.end();
  });

  it('gives MariaDB a temporary directory of its own, which no other server empties when it starts', async () => {
    const client = await createConnection(/DATABASE_URL=(.+)/.exec(lines)?.[1] ?? '');
    const [[row]] = await client.query<RowDataPacket[]>('SELECT @@tmpdir AS directory');
    await client.end();
    expect(row?.directory).toBe(realpathSync(join(directory, 'mariadb', 'tmp')));
  });

  it('leaves directories alone that it did not make', () => {
    const foreign = mkdtempSync(join(parent, 'foreign-'));
    writeFileSync(join(foreign, 'precious'), '');
    const refused = run(script, ['up', 'redis', '--dir', foreign]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('holds files that are not ours');
    expect(run(script, ['down', '--dir', foreign]).code).toBe(0);
    expect(existsSync(join(foreign, 'precious'))).toBe(true);
  });

  it('says what the names of the servers are', () => {
    expect(services('kill', 'postgres').err).toContain("no server is called 'postgres'");
    expect(services('stop').err).toContain('needs the name of a server');
  });

  it('ends and removes all that it started, once', () => {
    expect(services('down').code).toBe(0);
    expect(existsSync(directory)).toBe(false);
    expect(services('down').err).toContain('nothing to end');
    expect(services('status').code).toBe(1);
  });
});
