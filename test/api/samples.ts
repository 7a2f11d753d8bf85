import type { POLICY } from '../../src/auth/policy.js';
import type { Maker, Variables } from './places.js';

export type RootField = keyof typeof POLICY;

/** Arguments of one root field, on objects made for them. */
type Sample = (maker: Maker, cursor: string) => Promise<Variables>;

const page = { first: 5 };
const jobCommand: Sample = async (maker) => ({ input: { id: (await maker.job()).id, reason: 'sample' } });
const INTERVAL = { interval: { every: '1 day' } };

/** A call of each root field that succeeds for whoever may use it, on real objects of the maker's place. */
export const SAMPLES: Record<RootField, Sample> = {
  node: async (maker) => ({ id: (await maker.run()).id }),
  nodes: async (maker) => ({ ids: [(await maker.run()).id, (await maker.run()).jobId] }),
  viewer: async () => ({}),
  serverInfo: async () => ({}),
  rateLimit: async () => ({}),
  activity: async (maker) => ({ filter: { subject: (await maker.job()).id }, ...page }),
  activityRecorded: async (maker, after) => ({ after, filter: { subjects: [(await maker.job()).id] } }),
  jobs: async (maker) => ({ filter: { keys: [(await maker.job()).key] }, ...page }),
  job: async (maker) => ({ id: (await maker.job()).id }),
  dueTimes: async (maker) => {
    const { id } = await maker.job({ schedule: INTERVAL, start: true });
    return { filter: { jobs: [id] }, ...page };
  },
  schedulePreview: async () => ({ schedule: INTERVAL, first: 3 }),
  jobPreview: async (maker) => ({ input: { id: (await maker.job()).id, description: 'other' }, first: 3 }),
  jobCreate: async (maker) => ({ input: maker.jobInput() }),
  jobImport: async ({ place: { project, clientKey: clientId, mark: description } }) => ({
    input: { project, clientId, document: { description, job_actions: [] }, start: false, reason: 'sample' },
  }),
  jobUpdate: async (maker) => ({ input: { id: (await maker.job()).id, description: 'other', reason: 'sample' } }),
  jobStart: jobCommand,
  jobStop: jobCommand,
  jobRunNow: jobCommand,
  jobAbort: jobCommand,
  jobRemove: jobCommand,
  jobRevert: async (maker) => ({ input: { id: (await maker.changedJob()).id, revision: 1, reason: 'sample' } }),
  jobStatusChanged: async (maker, after) => ({ after, filter: { jobs: [(await maker.run()).jobId] } }),
  runs: async (maker) => ({ filter: { jobIds: [(await maker.run()).jobId] }, ...page }),
  run: async (maker) => ({ id: (await maker.run()).id }),
  runClaim: async (maker) => ({ input: { runId: (await maker.run()).id, sessionId: maker.place.sessionId } }),
  runRenew: async (maker) => ({ input: (await maker.heldRun()).hold }),
  runReport: async (maker) => {
    const { hold, attempt } = await maker.heldRun();
    return { input: { ...hold, ...attempt, started: true } };
  },
  runOutputAppend: async (maker) => {
    const { hold, attempt } = await maker.heldRun();
    return { input: { ...hold, pieces: [{ ...attempt, stream: 'STDERR', text: 'a line\n' }] } };
  },
  runRelease: async (maker) => ({ input: { ...(await maker.heldRun()).hold, reason: 'sample' } }),
  runChanged: async (maker, after) => ({ after, filter: { runIds: [(await maker.run()).id] } }),
  runOutputAppended: async (maker) => ({ runId: await maker.runWithOutput() }),
  runAssigned: async (maker) => {
    await maker.run();
    return { clientId: maker.place.clientKey, project: maker.place.project };
  },
  clients: async (maker) => ({ filter: { keys: [maker.place.clientKey] }, ...page }),
  client: async ({ place }) => ({ id: place.clientKey, project: place.project }),
  clientRegister: async ({ place: { clientKey: key, project, mark: hostname, sessionId } }) => ({
    input: { key, project, hostname, version: '1', capabilities: {}, sessionId },
  }),
  clientUpdate: async (maker) => ({ input: { id: await maker.client(), description: 'other' } }),
  clientRemove: async (maker) => ({ input: { id: await maker.client() } }),
  clusters: async (maker) => ({ filter: { externalIds: [(await maker.cluster()).externalId] }, ...page }),
  cluster: async (maker) => ({ id: (await maker.cluster()).id }),
  clusterCreate: async (maker) => ({ input: maker.clusterInput() }),
  clusterUpdate: async (maker) => ({ input: { id: (await maker.cluster()).id, name: 'other' } }),
  clusterRemove: async (maker) => ({ input: { id: (await maker.cluster()).id } }),
  services: async (maker) => ({ filter: { hosts: [(await maker.service()).host] }, ...page }),
  service: async (maker) => ({ id: (await maker.service()).id }),
  serviceDrain: async (maker) => ({ input: { id: await maker.ownService(), drain: false, reason: 'sample' } }),
  serviceRemove: async (maker) => ({ input: { id: (await maker.service()).id, reason: 'sample' } }),
  serviceStateChanged: async (maker, after) => ({ after, filter: { serviceIds: [await maker.removedService()] } }),
  shards: async (maker) => ({ filter: { serviceId: (await maker.service()).id }, ...page }),
  shardMoved: async (maker, after) => ({ after, filter: { serviceIds: [await maker.removedService()] } }),
  backgroundJobs: async (maker) => ({ filter: { subject: (await maker.plannedJob()).id }, ...page }),
  backgroundJob: async (maker) => ({ id: `job-run/${(await maker.plannedJob()).id}` }),
  backgroundJobRebind: async (maker) => ({
    input: { id: `job-run/${(await maker.plannedJob()).id}`, tag: { host: maker.place.mark }, reason: 'sample' },
  }),
  transactions: async (maker) => {
    await maker.run();
    return { filter: { projects: [maker.place.project] }, ...page };
  },
  transaction: async (maker) => ({ id: (await maker.run()).id }),
  taskHistory: async (maker) => ({ filter: { transactionIds: [(await maker.heldRun()).runId] }, ...page }),
  task: async (maker) => ({ id: (await maker.heldRun()).attempt.taskId }),
  transactionStart: async (maker) => ({ input: maker.deploymentInput() }),
  transactionReport: async (maker) => ({
    input: {
      transactionId: await maker.deployment(),
      reportId: 'sample',
      events: [{ taskName: 'install', nodeId: '1', status: 'running' }],
    },
  }),
  transactionChanged: async (maker, after) => ({ after, filter: { transactionIds: [(await maker.run()).id] } }),
  taskHistoryChanged: async (maker, after) => ({ after, filter: { transactionIds: [(await maker.run()).id] } }),
  taskEventAppended: async (maker) => ({ transactionId: (await maker.run()).id }),
  transactionEnd: async (maker) => ({ input: { transactionId: await maker.deployment(), status: 'READY' } }),
  transactionDiff: async (maker) => ({ a: (await maker.run()).id, b: (await maker.run()).id }),
  taskStats: async (maker) => {
    await maker.run();
    return { taskName: '0-backup', filter: { projects: [maker.place.project] } };
  },
  transactionReset: async (maker) => ({ input: { id: await maker.failedDeployment() } }),
  transactionDelete: async (maker) => ({ input: { id: await maker.failedDeployment(), reason: 'sample' } }),
  transactionTombstone: async (maker) => ({ id: await maker.deletedDeployment() }),
  transactionTombstones: async (maker) => {
    await maker.deletedDeployment();
    return { filter: {}, ...page };
  },
  apiTokens: async ({ place }) => ({ filter: { project: place.project }, ...page }),
  apiTokenCreate: async ({ place }) => ({
    input: { name: place.mark, role: 'READER', project: place.project },
  }),
  apiTokenRevoke: async (maker) => ({
    input: { id: (await maker.token('READER', { project: maker.place.project })).id },
  }),
  loginLinkCreate: async () => ({ input: { reason: 'sample' } }),
};

/** What a call of a sample touches: global ids in its arguments. */
export function idsIn(variables: Variables): string[] {
  return [
    ...JSON.stringify(variables).matchAll(/"((?:job|run|client|task|token|deploy|cluster|service|bgjob)_[\w-]+)"/g),
  ].map(([, id]) => id ?? '');
}
