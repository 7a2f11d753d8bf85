import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.js';
import { readConfigInput } from '../../src/config/process-env.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orrery-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('reads a secret and the configuration from files', async () => {
  const token = 'token-of-at-least-thirty-two-characters';
  await writeFile(join(folder, 'token'), `${token}\n`);
  await writeFile(join(folder, 'orrery.yaml'), 'port: 4567\n');
  const env = { ORRERY_ADMIN_TOKEN_FILE: join(folder, 'token'), ORRERY_CONFIG: join(folder, 'orrery.yaml') };
  const config = loadConfig(await readConfigInput(env, {}));
  expect(config.rights.adminToken).toBe(token);
  expect(config.server.port).toBe(4567);
});

it('names every file that cannot be read', async () => {
  const env = { ORRERY_ADMIN_TOKEN_FILE: join(folder, 'nothing'), ORRERY_CONFIG: join(folder, 'nowhere') };
  await expect(readConfigInput(env, {})).rejects.toThrow(/ORRERY_CONFIG[\s\S]*ORRERY_ADMIN_TOKEN_FILE/);
});

it('refuses a secret that is given twice', async () => {
  const env = { ORRERY_ADMIN_TOKEN_FILE: join(folder, 'token'), ORRERY_ADMIN_TOKEN: 'x' };
  await expect(readConfigInput(env, {})).rejects.toThrow(/not both/);
});
