// Records what a server of the older version leaves in its database, killed in the middle of its work:
//   node scripts/run-ts.mjs test/chaos/record-older.ts > test/scheduler/fixtures/older-version.json
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MIGRATIONS } from '../../migrations/all.js';
import { openDatabase } from '../../src/db/database.js';
import { createJob } from './api.js';
import { EngineProcess } from './engine-process.js';
import { buildOlder, OLDER } from './older-version.js';

/** What belongs to the place where it was recorded. */
const SECRET = ['api_tokens', 'sessions'];

/** Long enough for some fires of each job. */
const WORK = 3_500;

/** Jobs of every kind of schedule; those that fire often make a run each time. */
const JOBS: readonly Record<string, unknown>[] = [
  { key: 'interval', schedule: { interval: { every: '1 second' } }, overlap: 'ALLOW_ALL', catchup: 'ALL' },
  { key: 'cron', schedule: { cron: { second: '*/2', timezone: 'Europe/Berlin' } }, overlap: 'BUFFER_ONE' },
  { key: 'date', schedule: { date: { at: new Date(Date.now() + 3_600_000).toISOString() } }, staleAfter: 60 },
  { key: 'skips', schedule: { interval: { every: '1 second' } }, overlap: 'SKIP', catchup: 'NONE' },
  { key: 'stopped', schedule: { interval: { every: '1 hour' } }, start: false },
];

const directory = await mkdtemp(join(tmpdir(), 'orrery-older-'));
const product = await buildOlder(directory);
const data = join(directory, 'data');
const settings = { dataDir: data, localAgent: 'false' };
const log = join(directory, 'server.log');
const server = await EngineProcess.start({ name: 'older', product, version: OLDER, settings, log });
const actions = [{ freezerAction: { action: 'exec', command: 'true' }, maxRetries: 1 }];
for (const job of JOBS) await createJob(server.url, { clientId: 'nobody', actions, ...job });
await sleep(WORK);
await server.end('SIGKILL');

const db = await openDatabase({ url: `sqlite:${join(data, 'orrery.sqlite')}` }, MIGRATIONS);
const schema = await db.reader.rows<{ name: string; type: string; sql: string }>(
  "SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'",
);
const tables: Record<string, unknown[]> = {};
for (const { name, type } of schema) {
  if (type !== 'table' || SECRET.includes(name)) continue;
  const rows = await db.reader.rows<Record<string, unknown>>(`SELECT * FROM "${name}"`);
  if (rows.length > 0) tables[name] = rows;
}
await db.close();
const statements = schema.map(({ sql }) => sql);
const recorded = JSON.stringify({ commit: OLDER, at: Date.now(), schema: statements, tables }, null, 1);
console.log(recorded.replaceAll(hostname(), 'older-host'));
await rm(directory, { recursive: true, force: true });
process.exit();
