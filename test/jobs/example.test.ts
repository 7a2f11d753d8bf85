import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, type World } from '../kit/world.js';
import { command, jobOf } from './kit.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

it('the example document of the docs imports without a warning and is planned', async () => {
  const text = readFileSync(new URL('../../docs/examples/backup-documents.json', import.meta.url), 'utf8');
  const answer = await command(world, 'jobImport', { document: JSON.parse(text), clientId: 'this-host' });
  expect(answer.warnings).toEqual([]);
  expect(jobOf(answer)).toMatchObject({ key: 'backup-documents', status: 'SCHEDULED' });
  expect(jobOf(answer).nextRunAt).toBe('2026-11-21T16:20:00.000Z');
});
