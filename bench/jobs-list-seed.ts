import { MIGRATIONS } from '../migrations/all.js';
import { openDatabase } from '../src/db/database.js';
import { insertRows } from '../src/db/write.js';
import { ID_PREFIX } from '../src/entities/ids.js';
import {
  JOB_RESULTS,
  JobActionKindEntity,
  JobEntity,
  type JobRow,
  type JobStatus,
  type ScheduleKind,
} from '../src/entities/job.js';
import { systemIds } from '../src/lib/ids.js';
import { DAY, HOUR, MINUTE } from '../src/lib/time.js';
import { cronSchedule, dateSchedule, intervalSchedule } from '../src/schedule/build.js';
import type { Schedule } from '../src/schedule/types.js';

/** Jobs of one client. */
const JOBS_OF_CLIENT = 50;
const PROJECTS = ['default', 'web', 'db', 'archive'];

/** Of a hundred jobs, so many in each status. */
const STATUSES: readonly [JobStatus, number][] = [
  ['SCHEDULED', 82],
  ['RUNNING', 3],
  ['STOPPED', 8],
  ['COMPLETED', 5],
  ['REMOVED', 2],
];

function statusOf(index: number): JobStatus {
  let rest = (index * 37) % 100;
  for (const [status, share] of STATUSES) {
    if (rest < share) return status;
    rest -= share;
  }
  return 'SCHEDULED';
}

function scheduleOf(index: number, createdAt: number): [ScheduleKind, Schedule] {
  const place = (index * 13) % 20;
  const timezone = 'Europe/Berlin';
  if (place < 12) {
    const [hour, minute] = [index % 24, index % 60];
    return ['CRON', cronSchedule({ hour, minute, dayOfWeek: 'mon-sat', timezone }).schedule];
  }
  if (place < 18) return ['INTERVAL', intervalSchedule({ every: '6 hours', timezone }, { createdAt }).schedule];
  if (place < 19) return ['DATE', dateSchedule({ at: createdAt + 400 * DAY }).schedule];
  return ['NONE', { kind: 'none', timezone: 'UTC' }];
}

const ACTION_DEFAULTS = {
  storage: 'local',
  container: '/var/backups/orrery',
  log_file: '/var/log/freezer.log',
  max_level: 6,
  compression: 'gzip',
};

/** A job like those of a real installation; `now` is the newest one's creation. */
export function seedJob(index: number, count: number, now: number): JobRow {
  const timeCreated = now - (count - index) * MINUTE;
  const status = statusOf(index);
  const [scheduleKind, schedule] = scheduleOf(index, timeCreated);
  const id = systemIds.next(ID_PREFIX.job);
  const host = `host-${Math.floor(index / JOBS_OF_CLIENT)}`;
  const planned = status === 'SCHEDULED' && scheduleKind !== 'NONE';
  return {
    id,
    project: PROJECTS[Math.floor(index / JOBS_OF_CLIENT) % PROJECTS.length] ?? 'default',
    key: `backup-${index}`,
    slot: status === 'REMOVED' ? id : '',
    userId: 'operator',
    description: `Nightly backup of volume ${index % JOBS_OF_CLIENT} of ${host}`,
    clientKey: host,
    actions: [
      {
        freezerAction: {
          action: 'backup',
          mode: 'fs',
          backup_name: `volume-${index}`,
          path_to_backup: `/srv/${index}`,
        },
        mandatory: true,
        maxRetries: 3,
        maxRetriesInterval: 60,
        timeout: 7_200,
      },
      {
        freezerAction: { action: 'admin', backup_name: `volume-${index}`, remove_older_than: 30 },
        mandatory: false,
        maxRetries: 0,
        maxRetriesInterval: 60,
        timeout: null,
      },
    ],
    actionDefaults: ACTION_DEFAULTS,
    schedule: { ...schedule },
    scheduleKind,
    overlap: 'SKIP',
    catchup: 'LATEST',
    catchupWindow: 3_600,
    staleAfter: 172_800,
    document: null,
    revision: 1 + (index % 5),
    status,
    event: null,
    result: index % 10 === 0 ? null : (JOB_RESULTS[index % 40 < 4 ? index % 4 : 0] ?? null),
    statusReason: null,
    statusBefore: null,
    timeCreated,
    timeStarted: now - (index % 1_440) * MINUTE,
    timeEnded: now - (index % 1_440) * MINUTE + 42_000,
    nextRunAt: planned ? now + ((index * 7_919) % (24 * 60)) * MINUTE : null,
    lastSuccessAt: now - (index % 1_440) * MINUTE,
    staleAt: now + HOUR * 48,
    consecutiveFailures: 0,
    successCount: index % 365,
    failureCount: index % 7,
    missedCount: 0,
    skippedCount: 0,
    updatedAt: now,
  };
}

/** Writes so many jobs; returns the instant of the newest. */
export async function seedJobs(url: string, count: number): Promise<number> {
  const db = await openDatabase({ url }, MIGRATIONS);
  const now = await db.now();
  const batch = 2_000;
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from);
    const jobs = Array.from({ length: size }, (_, index) => seedJob(from + index, count, now));
    const kinds = jobs.flatMap(({ id: jobId, project }) =>
      ['backup', 'admin'].map((action) => ({ jobId, project, action })),
    );
    await db.transaction(async (tx) => {
      await insertRows(tx, JobEntity, jobs);
      await insertRows(tx, JobActionKindEntity, kinds);
    });
  }
  for (const table of ['jobs', 'job_action_kinds']) await db.reader.rows(`ANALYZE TABLE ${table}`);
  await db.close();
  return now;
}
