import { expect } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { type ComparedRow, rowsOf } from '../history/deployments.js';

const SOON = { timeout: 60_000, interval: 25 };

/** What the ledger holds of deployments, read past every server. */
export class ReportLedger {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The deployment of an external id; undefined while there is none. */
  async deployment(externalId: string): Promise<{ id: string; status: string; timeStart: number | null } | undefined> {
    const sql = 'SELECT id, status, time_start AS timeStart FROM transactions WHERE external_id = ?';
    const [row] = await this.#db.reader.rows<{ id: string; status: string; timeStart: number | string | null }>(sql, [
      externalId,
    ]);
    return row && { ...row, timeStart: row.timeStart === null ? null : Number(row.timeStart) };
  }

  /** How often an event of each report was recorded, by the report's id. */
  async recorded(externalId: string): Promise<Record<string, number>> {
    const rows = await this.#db.reader.rows<{ report: string; count: number | string }>(
      `SELECT e.report_id AS report, COUNT(*) AS count FROM task_events e JOIN transactions t ON t.id = e.transaction_id
       WHERE t.external_id = ? AND e.report_id LIKE 'r%' GROUP BY e.report_id`,
      [externalId],
    );
    return Object.fromEntries(rows.map(({ report, count }) => [report, Number(count)]));
  }

  async rows(externalId: string): Promise<ComparedRow[]> {
    const found = await this.deployment(externalId);
    return found ? rowsOf({ db: this.#db }, found.id) : [];
  }

  /** Waits until a deployment holds each of these reports, so many events of each, and nothing more. */
  async holds(externalId: string, reports: Readonly<Record<string, number>>): Promise<void> {
    const total = async (): Promise<number> => Object.keys(await this.recorded(externalId)).length;
    await expect.poll(total, SOON).toBe(Object.keys(reports).length);
    expect(await this.recorded(externalId)).toEqual(reports);
  }

  async hasStatus(externalId: string, status: string): Promise<void> {
    await expect.poll(async () => (await this.deployment(externalId))?.status, SOON).toBe(status);
  }
}
