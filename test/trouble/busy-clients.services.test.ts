import { createSdk, payloadOf } from '@orrery/sdk';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { startTestServer } from '../kit/server.js';
import { describeWithStores } from '../kit/stores.js';

const SOON = { timeout: 20_000, interval: 50 };

async function count(connection: Connection, sql: string, values: (string | number)[]): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS found ${sql}`, values);
  return Number(rows[0]?.found);
}

describeWithStores('clients that hold every connection to the database', ['mysql'], () => {
  it('stop neither the firing of due work nor the numbering of events', async () => {
    const server = await startTestServer({ store: 'mysql', flags: { databasePool: '1' } });
    const outside = await createConnection(server.databaseUrl);
    try {
      const sdk = createSdk(server.client());
      const make = async (key: string, more: object) => {
        const input = { key, clientId: 'nobody', project: 'default', ...more };
        return payloadOf((await sdk.jobCreate({ input })).jobCreate).job;
      };
      const held = await make('held', { start: false });
      await make('ticking', { schedule: { interval: { every: '1 second' } } });
      await outside.beginTransaction();
      await outside.query('SELECT id FROM jobs WHERE id IN (SELECT id FROM jobs WHERE `key` = ?) FOR UPDATE', ['held']);
      const waiting = sdk.jobStart({ input: { id: held.id } });
      const database = new URL(server.databaseUrl).pathname.slice(1);
      const locked =
        "FROM information_schema.processlist WHERE db = ? AND info LIKE '%jobs%FOR UPDATE%' AND id <> CONNECTION_ID()";
      await expect.poll(() => count(outside, locked, [database]), SOON).toBe(1);
      // What reads in the transaction that holds the lock must see what came since.
      const observer = await createConnection(server.databaseUrl);
      try {
        const [[last]] = await observer.query<RowDataPacket[]>('SELECT MAX(fired_at) AS at FROM occurrences');
        const since = Number(last?.at ?? 0);
        const fired = 'FROM occurrences WHERE fired_at > ?';
        await expect.poll(() => count(observer, fired, [since]), SOON).toBeGreaterThan(1);
        await expect.poll(() => count(observer, 'FROM events WHERE seq IS NULL', []), SOON).toBe(0);
      } finally {
        await observer.end();
      }
      await outside.rollback();
      expect(payloadOf((await waiting).jobStart).outcome).toBe('ACCEPTED');
    } finally {
      await outside.end();
      await server.stop();
    }
  });
});
