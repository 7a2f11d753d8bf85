import type { InputIssue } from '../lib/errors.js';
import type { JobsDeps } from './deps.js';
import { Faults } from './faults.js';
import { type UpcomingFires, upcomingFires } from './next-runs.js';
import { readScheduleInput, type ScheduleInput } from './schedule-input.js';

/** What a schedule would come to, read by the code that will run it. */
export interface SchedulePreview extends UpcomingFires {
  errors: InputIssue[];
  warnings: string[];
}

/** The next due times of a schedule that begins now, or what is wrong with it. */
export async function previewSchedule(
  deps: Pick<JobsDeps, 'db'>,
  input: ScheduleInput,
  count: number,
): Promise<SchedulePreview> {
  const now = await deps.db.now();
  const faults = new Faults();
  const parsed = readScheduleInput(faults, ['schedule'], input, { createdAt: now });
  const upcoming = parsed ? upcomingFires(parsed.schedule, now, count) : { fires: [], clockChanges: [] };
  if (parsed && upcoming.fires.length === 0) faults.add(['schedule'], 'has no due time ahead; nothing would ever run.');
  return { ...upcoming, errors: faults.issues, warnings: faults.warnings };
}
