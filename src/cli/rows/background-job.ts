import type { BackgroundJobLineFragment, BackgroundJobQuery } from '@orrery/sdk';
import { labelsText } from '../labels.js';
import { instant, type Row } from '../output/cell.js';
import { serviceText } from './service.js';

/** What a list of background jobs shows. */
export const BACKGROUND_JOB_COLUMNS = [
  'kind',
  'about',
  'state',
  'wakeAt',
  'service',
  'tag',
  'pinned',
  'fails',
  'work',
  'reason',
];

/** What is shown of due instants. */
export const OCCURRENCE_COLUMNS = ['scheduledFor', 'outcome', 'lateness', 'service', 'run', 'reason'];

/** A background job as a row; `about` is the key of a job where there is one. */
export function backgroundJobRow(job: BackgroundJobLineFragment): Row {
  return {
    kind: job.kind,
    about: job.job?.key ?? job.subject,
    subject: job.subject,
    id: job.id,
    project: job.project,
    state: job.state,
    work: job.work?.state,
    reason: job.reason ?? job.work?.reason,
    wakeAt: instant(job.wakeAt),
    nextRunAt: instant(job.nextRunAt),
    service: serviceText(job.service),
    tag: labelsText(job.tag),
    pinned: job.pinnedAt !== null,
    pinnedAt: instant(job.pinnedAt),
    fails: job.failCount,
    generation: job.generation,
    plannedAt: instant(job.plannedAt),
  };
}

type Occurrence = NonNullable<BackgroundJobQuery['backgroundJob']>['occurrences']['nodes'][number];

/** What came of a due instant as a row; lateness in milliseconds. */
export function occurrenceRow(occurrence: Occurrence): Row {
  return {
    scheduledFor: instant(occurrence.scheduledFor),
    until: instant(occurrence.until),
    count: occurrence.count,
    outcome: occurrence.outcome,
    lateness: occurrence.lateness,
    service: serviceText(occurrence.service),
    run: occurrence.run?.number,
    reason: occurrence.reason,
    firedAt: instant(occurrence.firedAt),
  };
}
