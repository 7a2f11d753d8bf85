import { cpSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Finished, isInstalled, run } from '../kit/programs.js';
import { describeUnless } from '../kit/stores.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const Composition = z.object({
  services: z.record(
    z.string(),
    z.object({
      environment: z.record(z.string(), z.string()).default({}),
      ports: z.array(z.unknown()).default([]),
      hostname: z.string().optional(),
      healthcheck: z.object({ test: z.array(z.string()) }).optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
    }),
  ),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
});

/** Compose's own reading of compose.yaml in a directory. Debian has docker-compose; newer ones are a part of docker. */
function config(directory: string): Finished {
  const [program, ...first] = isInstalled('docker-compose') ? ['docker-compose'] : ['docker', 'compose'];
  return run(program ?? 'docker', [
    ...first,
    '--project-directory',
    directory,
    '-f',
    `${directory}/compose.yaml`,
    'config',
  ]);
}

/** A copy of what the composition consists of, so that the secrets made for it are not those of the working tree. */
function copy(): string {
  const directory = mkdtempSync(join(tmpdir(), 'orrery-compose-'));
  for (const name of ['compose.yaml', 'scripts/compose-secrets.sh']) cpSync(join(root, name), join(directory, name));
  return directory;
}

const missing = isInstalled('docker-compose') || isInstalled('docker') ? undefined : 'docker-compose not installed';

describeUnless(missing, 'compose.yaml', () => {
  let directory: string;
  beforeAll(() => {
    directory = copy();
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it('refuses to start without secrets, and says how to make them', () => {
    const bare = copy();
    const { code, err } = config(bare);
    rmSync(bare, { recursive: true });
    expect(code).not.toBe(0);
    expect(err).toContain('run scripts/compose-secrets.sh');
  });

  it('is valid with the secrets that its script makes once', () => {
    expect(run(`${directory}/scripts/compose-secrets.sh`, []).code).toBe(0);
    const secrets = readFileSync(`${directory}/.env`, 'utf8');
    expect(statSync(`${directory}/.env`).mode & 0o077).toBe(0);
    expect(run(`${directory}/scripts/compose-secrets.sh`, []).code).toBe(0);
    expect(readFileSync(`${directory}/.env`, 'utf8')).toBe(secrets);

    const { code, out, err } = config(directory);
    expect(err).toBe('');
    expect(code).toBe(0);
    const { services, networks } = Composition.parse(parse(out));
    const servers = Object.entries(services).filter(([name]) => name.startsWith('server-'));
    expect(servers.map(([name, server]) => [name, server.hostname, server.environment.ORRERY_NAME])).toEqual([
      ['server-1', 'server-1', 'server-1'],
      ['server-2', 'server-2', 'server-2'],
      ['server-3', 'server-3', 'server-3'],
    ]);
    for (const [, server] of servers) {
      expect(server.healthcheck?.test.join(' ')).toContain('/health/ready');
      expect(server.depends_on.migrate?.condition).toBe('service_completed_successfully');
      expect(Object.keys(server.environment)).toEqual(
        expect.arrayContaining(['ORRERY_DATABASE_URL', 'ORRERY_MONGODB_URL', 'ORRERY_REDIS_URL', 'ORRERY_AMQP_URL']),
      );
    }
    const open = Object.entries(services).filter(([, service]) => service.ports.length > 0);
    expect(open.map(([name]) => name)).toEqual(servers.map(([name]) => name));
    expect(networks.stores?.internal).toBe(true);
  });

  it('names every secret of .env.example, and the example has none', () => {
    const lines = readFileSync(join(root, '.env.example'), 'utf8').split('\n');
    const example = lines.filter((line) => /^\w/.test(line));
    const made = readFileSync(`${directory}/.env`, 'utf8').match(/^\w+=/gm);
    expect(example).toEqual(made);
  });
});
