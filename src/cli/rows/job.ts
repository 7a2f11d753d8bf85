import type { JobDetailFragment, JobLineFragment } from '@orrery/sdk';
import { instant, type Row } from '../output/cell.js';
import { scheduleText } from './schedule.js';

/** What a list of jobs shows. */
export const JOB_COLUMNS = ['key', 'status', 'result', 'nextRunAt', 'timeEnded', 'client', 'schedule', 'description'];

/** A job as a row. */
export function jobRow(job: JobLineFragment): Row {
  return {
    key: job.key,
    id: job.id,
    project: job.project,
    status: job.status,
    event: job.event,
    result: job.result,
    reason: job.statusReason,
    nextRunAt: instant(job.nextRunAt),
    timeStarted: instant(job.timeStarted),
    timeEnded: instant(job.timeEnded),
    lastSuccessAt: instant(job.lastSuccessAt),
    successRate: job.successRate,
    consecutiveFailures: job.consecutiveFailures,
    stale: job.stale,
    client: job.clientKey,
    schedule: scheduleText(job.schedule),
    description: job.description,
    revision: job.revision,
    timeCreated: instant(job.timeCreated),
  };
}

function actionText({ effective }: JobDetailFragment['actions'][number]): string {
  const { action, backup_name: name, path_to_backup: path, src_file: source, command } = effective;
  const object = path ?? source ?? command ?? name;
  return [action, object].filter((part) => typeof part === 'string').join(' ');
}

/** A job as the fields that a person wants to see of it. */
export function jobFields(job: JobDetailFragment): Row {
  const { nextRunAt, ...row } = jobRow(job);
  return {
    ...row,
    nextRunAt,
    whyNot: job.whyNot?.message,
    clientState: job.clientState,
    actions: job.actions.map(actionText),
    overlap: job.overlap,
    catchup: `${job.catchup}, up to ${job.catchupWindow} s late`,
    staleAfter: job.staleAfter === null ? null : `${job.staleAfter} s`,
    runs: `${job.successCount} succeeded, ${job.failureCount} failed, ${job.missedCount} missed, ${job.skippedCount} skipped`,
    updatedAt: instant(job.updatedAt),
  };
}
