import {
  type CronInput,
  cronSchedule,
  type DateInput,
  dateSchedule,
  type IntervalInput,
  intervalSchedule,
  noSchedule,
} from '../schedule/build.js';
import type { ParsedSchedule } from '../schedule/types.js';
import type { Faults, Path } from './faults.js';

/** A typed schedule: exactly one of the four (the API's `@oneOf` sees to it). */
export interface ScheduleInput {
  none?: { timezone?: string | null | undefined } | null | undefined;
  date?: DateInput | null | undefined;
  interval?: IntervalInput | null | undefined;
  cron?: CronInput | null | undefined;
}

/** Reads a typed schedule; undefined when it has faults, which are then told below `path`. */
export function readScheduleInput(
  faults: Faults,
  path: Path,
  input: ScheduleInput,
  options: { createdAt: number },
): ParsedSchedule | undefined {
  const { none, date, interval, cron } = input;
  const read = (kind: string, build: () => ParsedSchedule): ParsedSchedule | undefined => {
    const parsed = faults.take([...path, kind], build);
    for (const warning of parsed?.warnings ?? []) faults.warn(warning);
    return parsed;
  };
  if (date) return read('date', () => dateSchedule(date));
  if (interval) return read('interval', () => intervalSchedule(interval, options));
  if (cron) return read('cron', () => cronSchedule(cron));
  return read('none', () => noSchedule(none ?? {}));
}
