import type { ActivityLineFragment } from '@orrery/sdk';
import { instant, type Row } from '../output/cell.js';

/** What a list of activity shows. */
export const ACTIVITY_COLUMNS = ['at', 'actor', 'action', 'subject', 'outcome', 'address', 'via'];

/** What somebody did, as a row. */
export function activityRow(activity: ActivityLineFragment): Row {
  return {
    at: instant(activity.at),
    id: activity.id,
    actor: activity.actor,
    role: activity.role,
    action: activity.action,
    subject: activity.subject,
    project: activity.project,
    outcome: activity.outcome,
    address: activity.address,
    via: activity.via,
    requestId: activity.requestId,
    detail: activity.detail === null ? null : JSON.stringify(activity.detail),
  };
}
