/**
 * The prefix of each major object's id, one table for the API, the CLI, the logs and the database.
 * A run is a transaction of kind JOB_RUN: its id is the transaction's.
 */
export const ID_PREFIX = {
  job: 'job',
  jobRevision: 'jobrev',
  run: 'run',
  deployment: 'deploy',
  actionPlanRun: 'planrun',
  task: 'task',
  taskEvent: 'tev',
  client: 'client',
  event: 'event',
  apiToken: 'token',
  session: 'session',
  activity: 'activity',
  service: 'service',
  shard: 'shard',
  backgroundJob: 'bgjob',
  occurrence: 'occ',
  lease: 'lease',
  cluster: 'cluster',
} as const;

export type IdPrefix = keyof typeof ID_PREFIX;
