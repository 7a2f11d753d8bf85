import { EntitySchema } from 'typeorm';
import type { JsonObject } from '../lib/json.js';
import { instant, json, text } from './columns.js';

/** What the retention of the history did last, and how far it went: one row, for all servers. */
export interface HistoryRetentionRow {
  name: 'history';
  /** When the last round ended. */
  ranAt: number;
  /** See history/retention/progress.ts. */
  progress: JsonObject;
}

export const HistoryRetentionEntity = new EntitySchema<HistoryRetentionRow>({
  name: 'HistoryRetention',
  tableName: 'history_retention',
  columns: { name: text(16, { primary: true }), ranAt: instant(), progress: json() },
});
