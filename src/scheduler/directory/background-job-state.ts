import type { RowQuery } from '../../db/row-query.js';
import type { BackgroundJobRow } from '../../entities/background-job.js';
import { SECOND } from '../../lib/time.js';
import { tagKey } from '../tag.js';
import type { Roster } from './roster.js';

/**
 * PARKED: it is not tried any more. UNASSIGNED: no service that is alive may own it. BACKING_OFF: its last fire threw.
 * OVERDUE: its instant has passed and nobody has fired it. SCHEDULED: its instant lies ahead. The first that fits.
 */
export type BackgroundJobState = 'SCHEDULED' | 'OVERDUE' | 'BACKING_OFF' | 'UNASSIGNED' | 'PARKED';

/** What is due is fired within less than this, in milliseconds; later it is OVERDUE. */
const OVERDUE_AFTER = SECOND;

type Judged = Pick<BackgroundJobRow, 'wakeAt' | 'failCount' | 'failReason' | 'tag'>;

/** The state of a background job as it was read with the roster. */
export function backgroundJobStateOf(job: Judged, { now, unfit }: Roster): BackgroundJobState {
  if (job.wakeAt === null) return 'PARKED';
  if (unfit.has(tagKey(job.tag))) return 'UNASSIGNED';
  if (job.failCount > 0) return 'BACKING_OFF';
  return job.wakeAt <= now - OVERDUE_AFTER ? 'OVERDUE' : 'SCHEDULED';
}

/** Why a background job is in its state, as a sentence; null when there is nothing to say. */
export function reasonOf(job: Judged, roster: Roster, named: boolean): string | null {
  const state = backgroundJobStateOf(job, roster);
  if (state === 'UNASSIGNED') return roster.reasonFor(job.tag, named);
  if (state === 'PARKED' || state === 'BACKING_OFF') return job.failReason;
  return state === 'OVERDUE' ? 'Its shard changes its owner, or the owner has more to do than it can.' : null;
}

/** The tags that no live service fits: of all shards, or whether that of the one shard that is read is among them. */
type Unfit = Roster['unfit'] | boolean;

const UNFIT = 'bgjob.shardId IN (SELECT shards.id FROM shards WHERE shards.tag_key IN (:...keys))';
const FIT = 'bgjob.shardId NOT IN (SELECT shards.id FROM shards WHERE shards.tag_key IN (:...keys))';

function fitting(unfit: Unfit): { keys: string[]; among: string; others: string } {
  const keys = typeof unfit === 'boolean' ? [] : [...unfit];
  if (keys.length > 0) return { keys, among: UNFIT, others: FIT };
  return unfit === true ? { keys, among: '1 = 1', others: '1 = 0' } : { keys, among: '1 = 0', others: '1 = 1' };
}

/** Narrows to background jobs in one of these states at an instant. */
export function addStates(
  query: RowQuery<BackgroundJobRow>,
  states: readonly BackgroundJobState[],
  now: number,
  unfit: Unfit,
): void {
  const { keys, among, others } = fitting(unfit);
  const conditions: Readonly<Record<BackgroundJobState, string>> = {
    PARKED: 'bgjob.wakeAt IS NULL',
    UNASSIGNED: `bgjob.wakeAt IS NOT NULL AND ${among}`,
    BACKING_OFF: `bgjob.failCount > 0 AND bgjob.wakeAt IS NOT NULL AND ${others}`,
    OVERDUE: `bgjob.failCount = 0 AND bgjob.wakeAt <= :late AND ${others}`,
    SCHEDULED: `bgjob.failCount = 0 AND bgjob.wakeAt > :late AND ${others}`,
  };
  const wanted = [...new Set(states)].map((state) => `(${conditions[state]})`);
  query.andWhere(wanted.length > 0 ? `(${wanted.join(' OR ')})` : '1 = 0', { late: now - OVERDUE_AFTER, keys });
}
