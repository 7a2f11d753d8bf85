import type { TestServer } from '../kit/server.js';
import type { Hints } from './arbitraries.js';
import { Caller, type Maker } from './places.js';

const LISTS = `{ jobs(first: 1) { edges { cursor } } runs(first: 1) { edges { cursor } }
  clients(first: 1) { edges { cursor } } activity(first: 1) { edges { cursor } } dueTimes(first: 1) { edges { cursor } }
  apiTokens(first: 1) { edges { cursor } } }`;

/** Values that mean something to a server with a job, a run that is held, and a client. */
export async function hintsOf(server: TestServer, maker: Maker): Promise<Hints> {
  const { clientKey, sessionId, project } = maker.place;
  const client = await maker.client(clientKey);
  const jobs: { id: string; key: string }[] = [];
  for (let count = 0; count < 12; count += 1) {
    jobs.push(await maker.job({ schedule: { interval: { every: '1 hour' } }, start: count % 2 === 0 }));
  }
  const changed = await maker.changedJob();
  const { runId, attempt, hold } = await maker.heldRun();
  const token = await maker.token('READER', { project });
  const cluster = await maker.cluster();
  const deployments = [await maker.deployment(), await maker.failedDeployment()];
  const lists = await new Caller(server).data<Record<string, { edges: { cursor: string }[] }>>(LISTS);
  const cursors = Object.values(lists).flatMap(({ edges }) => edges.map(({ cursor }) => cursor));
  const jobIds = [...jobs.map(({ id }) => id), changed.id];
  const keys = jobs.map(({ key }) => key);
  const ids = [...jobIds, ...keys.slice(0, 2), runId, client, clientKey, token.id, cluster.id, ...deployments];
  return {
    id: ids,
    ids: [...ids, changed.revisionId, attempt.taskId],
    key: [clientKey, clientKey, 'new-key'],
    keys: [...keys, clientKey],
    jobs: [...jobIds, ...keys],
    jobIds,
    jobKeys: keys,
    subject: ids,
    project: [project],
    projects: [project],
    clientId: [clientKey, client],
    clientIds: [clientKey],
    clientKey: [clientKey],
    runId: [runId],
    taskId: [attempt.taskId],
    a: deployments,
    b: [...deployments, runId],
    transactionId: deployments,
    transactionIds: [...deployments, runId],
    cluster: [cluster.id, cluster.externalId, 'new-cluster'],
    clusterId: [cluster.id],
    clusterIds: [cluster.id, cluster.externalId],
    externalId: [cluster.externalId, 'new-cluster'],
    taskName: ['install', 'done'],
    taskNames: ['install', 'done'],
    graphTaskId: ['install', 'done'],
    nodeId: ['1', '2'],
    nodeIds: ['1', '2', ''],
    nodes: ['1', '2', ''],
    sessionId: [sessionId],
    fence: [hold.fence, 1, 2],
    attempt: [1],
    sequence: [1, 2],
    revision: [1, 2],
    expectedRevision: [1, 2],
    first: [1, 7],
    last: [1, 7],
    after: cursors,
    before: cursors,
    every: ['1 day', '2 hours', 'continuous', '0 days', '999999999999 weeks', '1 second'],
    timezone: ['Europe/Berlin', 'UTC', 'Mars/Olympus'],
    document: [{ job_actions: [{ freezer_action: { action: 'backup' } }] }],
    freezerAction: [{ action: 'backup' }, { action: 'exec', command: 'true' }],
    year: ['2099', 2099],
    month: ['2', 'feb'],
    day: ['29', 'last', '5th fri', '31'],
    dayOfWeek: ['mon-fri', 0],
    hour: ['*/5'],
    minute: ['0'],
    percent: [50],
    name: ['a name'],
  };
}
