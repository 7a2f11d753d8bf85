import type { TombstoneLineFragment } from '@orrery/sdk';
import { instant, type Row } from '../output/cell.js';

/** What a list of deleted transactions shows. */
export const TOMBSTONE_COLUMNS = ['number', 'kind', 'name', 'externalId', 'tasks', 'deletedAt', 'actor', 'reason'];

/** What is left of a transaction as a row. */
export function tombstoneRow(tombstone: TombstoneLineFragment): Row {
  return {
    number: tombstone.number,
    id: tombstone.transactionId,
    kind: tombstone.kind,
    name: tombstone.name,
    externalId: tombstone.externalId,
    cluster: tombstone.cluster?.externalId,
    project: tombstone.project,
    tasks: tombstone.taskCount,
    deletedAt: instant(tombstone.deletedAt),
    actor: tombstone.actor,
    reason: tombstone.reason,
    clearedAt: instant(tombstone.clearedAt),
  };
}
