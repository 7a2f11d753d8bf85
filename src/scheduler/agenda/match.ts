import { isDeepStrictEqual } from 'node:util';
import type { JobsQueryOptions, JobWithState, RemoveJobsOptions } from 'agenda';

/** Whether an entry's data has every field of the data asked for. */
function hasData(data: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) return isDeepStrictEqual(data, wanted);
  if (typeof data !== 'object' || data === null) return false;
  const fields = new Map(Object.entries(data));
  return Object.entries(wanted).every(([name, value]) => hasData(fields.get(name), value));
}

const within = (value: string, one: string | undefined, several: readonly string[] | undefined): boolean =>
  one !== undefined ? value === one : !several || several.length === 0 || several.includes(value);

/** Whether an entry fits what Agenda asks for; there are few entries, so they are compared in memory. */
export function matches(job: JobWithState, options: JobsQueryOptions & RemoveJobsOptions): boolean {
  const { name, names, notNames, id, ids, search, data, state, includeDisabled = true } = options;
  if (!within(job.name, name, names) || !within(job._id, id, ids)) return false;
  if (notNames?.includes(job.name)) return false;
  if (search && !job.name.toLowerCase().includes(search.toLowerCase())) return false;
  if (data !== undefined && !hasData(job.data, data)) return false;
  if (!includeDisabled && job.disabled) return false;
  return state === undefined || (state === 'paused' ? job.disabled === true : job.state === state);
}
