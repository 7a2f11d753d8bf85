import type { ActivityLineFragment, ChangeLineFragment } from '@orrery/sdk';
import { instant, jsonCell, type Row } from '../output/cell.js';
import { changeText } from './due.js';

/** What a list of activity shows. */
export const ACTIVITY_COLUMNS = [
  'at',
  'actor',
  'action',
  'name',
  'outcome',
  'reason',
  'changes',
  'via',
  'address',
  'subject',
];

/** What somebody did, with what the object of it is called now, where that is known. */
export type NamedActivity = ActivityLineFragment & { readonly name: string | null };

type Detail = ActivityLineFragment['detail'];

/** What a change of a definition changed, as the server keeps it with the command. */
function changesIn(detail: Detail): ChangeLineFragment[] {
  const changes: unknown = detail?.changes;
  return Array.isArray(changes) ? changes : [];
}

function reasonIn(detail: Detail): string | null {
  const reason: unknown = detail?.reason;
  return typeof reason === 'string' ? reason : null;
}

/** What somebody did, as a row. */
export function activityRow(activity: NamedActivity): Row {
  return {
    at: instant(activity.at),
    id: activity.id,
    actor: activity.actor,
    role: activity.role,
    action: activity.action,
    name: activity.name,
    subject: activity.subject,
    project: activity.project,
    outcome: activity.outcome,
    changes: changesIn(activity.detail).map(changeText),
    reason: reasonIn(activity.detail),
    address: activity.address,
    via: activity.via,
    requestId: activity.requestId,
    detail: jsonCell(activity.detail),
  };
}
