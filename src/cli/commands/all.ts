import type { Command } from 'commander';
import type { CommandContext } from '../command.js';
import { registerActivity } from './activity.js';
import { registerAgent } from './agent.js';
import { registerBackgroundJobList, registerBackgroundJobs } from './background-job-list.js';
import { registerBackgroundJobRebind } from './background-job-rebind.js';
import { registerBackgroundJobShow } from './background-job-show.js';
import { registerClientList } from './client-list.js';
import { registerClientRemove } from './client-remove.js';
import { registerClientShow } from './client-show.js';
import { registerClientUpdate } from './client-update.js';
import { registerClusterCreate } from './cluster-create.js';
import { registerClusterList } from './cluster-list.js';
import { registerClusterNode } from './cluster-node.js';
import { registerClusterRemove } from './cluster-remove.js';
import { registerClusterShow } from './cluster-show.js';
import { registerClusterUpdate } from './cluster-update.js';
import { registerCompletion } from './completion.js';
import { registerDeploymentDelete } from './deployment-delete.js';
import { registerDeploymentDeleted } from './deployment-deleted.js';
import { registerDeploymentDiff } from './deployment-diff.js';
import { registerDeploymentEnd } from './deployment-end.js';
import { registerDeploymentEvents } from './deployment-events.js';
import { registerDeploymentExport } from './deployment-export.js';
import { registerDeploymentList } from './deployment-list.js';
import { registerDeploymentReplay } from './deployment-replay.js';
import { registerDeploymentReport } from './deployment-report.js';
import { registerDeploymentReset } from './deployment-reset.js';
import { registerDeploymentShow } from './deployment-show.js';
import { registerDeploymentStart } from './deployment-start.js';
import { registerDeploymentTasks } from './deployment-tasks.js';
import { registerHistoryExport } from './history-export.js';
import { registerHistoryRetention } from './history-retention.js';
import { registerJobAbort } from './job-abort.js';
import { registerJobCreate } from './job-create.js';
import { registerJobDiff } from './job-diff.js';
import { registerJobDue } from './job-due.js';
import { registerJobExport } from './job-export.js';
import { registerJobImport } from './job-import.js';
import { registerJobList } from './job-list.js';
import { registerJobNext } from './job-next.js';
import { registerJobPreview } from './job-preview.js';
import { registerJobRemove } from './job-remove.js';
import { registerJobRestore } from './job-restore.js';
import { registerJobRevert } from './job-revert.js';
import { registerJobRevisions } from './job-revisions.js';
import { registerJobRun } from './job-run.js';
import { registerJobShow } from './job-show.js';
import { registerJobStart } from './job-start.js';
import { registerJobStop } from './job-stop.js';
import { registerJobUpdate } from './job-update.js';
import { registerLogin } from './login.js';
import { registerRunList } from './run-list.js';
import { registerRunLog } from './run-log.js';
import { registerRunShow } from './run-show.js';
import { registerRunTasks } from './run-tasks.js';
import { registerRunWatch } from './run-watch.js';
import { registerServer } from './server.js';
import { registerServiceDrain, registerServiceUndrain } from './service-drain.js';
import { registerServiceList, registerServices } from './service-list.js';
import { registerServiceRemove } from './service-remove.js';
import { registerServiceShow } from './service-show.js';
import { registerShardList, registerShards } from './shard-list.js';
import { registerStatus } from './status.js';
import { registerTaskShow } from './task-show.js';
import { registerTaskStats } from './task-stats.js';
import { registerTasksHistory } from './tasks-history.js';
import { registerTokenCreate } from './token-create.js';
import { registerTokenList } from './token-list.js';
import { registerTokenRevoke } from './token-revoke.js';
import { registerWatch } from './watch.js';

type Register = (parent: Command, context: CommandContext) => void;

const JOB: readonly Register[] = [
  registerJobList,
  registerJobShow,
  registerJobCreate,
  registerJobImport,
  registerJobExport,
  registerJobPreview,
  registerJobUpdate,
  registerJobStart,
  registerJobStop,
  registerJobRun,
  registerJobRestore,
  registerJobAbort,
  registerJobRemove,
  registerJobRevisions,
  registerJobDiff,
  registerJobRevert,
  registerJobNext,
  registerJobDue,
];
const RUN: readonly Register[] = [registerRunList, registerRunShow, registerRunLog, registerRunWatch, registerRunTasks];
const CLIENT: readonly Register[] = [
  registerClientList,
  registerClientShow,
  registerClientUpdate,
  registerClientRemove,
];
const CLUSTER: readonly Register[] = [
  registerClusterList,
  registerClusterShow,
  registerClusterCreate,
  registerClusterNode,
  registerClusterUpdate,
  registerClusterRemove,
];
const DEPLOYMENT: readonly Register[] = [
  registerDeploymentList,
  registerDeploymentShow,
  registerDeploymentTasks,
  registerDeploymentEvents,
  registerDeploymentStart,
  registerDeploymentReport,
  registerDeploymentEnd,
  registerDeploymentReset,
  registerDeploymentDelete,
  registerDeploymentDeleted,
  registerDeploymentDiff,
  registerDeploymentExport,
  registerDeploymentReplay,
];
const SERVICE: readonly Register[] = [
  registerServiceList,
  registerServiceShow,
  registerServiceDrain,
  registerServiceUndrain,
  registerServiceRemove,
];
const BACKGROUND_JOB: readonly Register[] = [
  registerBackgroundJobList,
  registerBackgroundJobShow,
  registerBackgroundJobRebind,
];
const TASK: readonly Register[] = [registerTaskShow, registerTaskStats];
const TOKEN: readonly Register[] = [registerTokenList, registerTokenCreate, registerTokenRevoke];
const SINGLE: readonly Register[] = [
  registerServices,
  registerShards,
  registerBackgroundJobs,
  registerTasksHistory,
  registerWatch,
  registerActivity,
  registerStatus,
  registerLogin,
];

function group(program: Command, context: CommandContext, name: string, text: string, commands: readonly Register[]) {
  const parent = program.command(name).description(text);
  for (const register of commands) register(parent, context);
}

/** Registers every command. `args` tells which command is asked for, so that only servers load the server. */
export async function registerAll(program: Command, context: CommandContext, args: readonly string[]): Promise<void> {
  await registerServer(program, context, args);
  registerAgent(program, context);
  group(program, context, 'job', 'jobs: what a host does, and when', JOB);
  group(program, context, 'run', 'runs of jobs: what happened, line by line', RUN);
  group(program, context, 'client', 'clients: hosts that run an agent', CLIENT);
  group(program, context, 'deployment', 'deployments: what was reported of them, task by task', DEPLOYMENT);
  group(program, context, 'task', 'tasks: one attempt on one node each', TASK);
  group(program, context, 'history', 'the history of all tasks', [registerHistoryExport, registerHistoryRetention]);
  group(program, context, 'cluster', 'clusters: what is deployed to', CLUSTER);
  group(program, context, 'service', 'services: the server processes that own and fire what is due', SERVICE);
  group(program, context, 'shard', 'shards: slices of the schedule', [registerShardList]);
  group(program, context, 'background-job', 'background jobs: what is due when, and where', BACKGROUND_JOB);
  group(program, context, 'token', 'API tokens', TOKEN);
  for (const register of SINGLE) register(program, context);
  registerCompletion(program, context);
}
