import { ID_PREFIX, type IdPrefix } from '../entities/ids.js';

/** The GraphQL type behind each id prefix. A run, a deployment and a plan's run are transactions of different types. */
const TYPE_OF: Partial<Record<IdPrefix, string>> = {
  job: 'Job',
  run: 'JobRun',
  deployment: 'Deployment',
  task: 'Task',
  client: 'Client',
  cluster: 'Cluster',
  apiToken: 'ApiToken',
  activity: 'Activity',
  jobRevision: 'JobRevision',
  service: 'Service',
  shard: 'Shard',
  backgroundJob: 'BackgroundJob',
};

const TYPE_BY_PREFIX = new Map<string, string>(
  Object.entries(TYPE_OF).map(([kind, type]) => [ID_PREFIX[kind as IdPrefix], type] as const),
);

/** The GraphQL type that an id belongs to; null when the id has no form of ours. */
export function typeOfId(id: string): string | null {
  return TYPE_BY_PREFIX.get(id.slice(0, Math.max(0, id.indexOf('_')))) ?? null;
}

/** Whether a value is an object whose `id` is of a type. */
export function isRowOf(value: unknown, type: string): boolean {
  if (typeof value !== 'object' || value === null || !('id' in value)) return false;
  return typeof value.id === 'string' && typeOfId(value.id) === type;
}
