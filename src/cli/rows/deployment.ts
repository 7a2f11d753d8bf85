import type { DeploymentLineFragment } from '@orrery/sdk';
import { instant, type Row } from '../output/cell.js';
import { secondsBetween } from './run.js';

/** What a list of deployments shows. */
export const DEPLOYMENT_COLUMNS = [
  'number',
  'cluster',
  'name',
  'status',
  'progress',
  'tasks',
  'timeStart',
  'timeEnd',
  'seconds',
  'reason',
];

type Counts = DeploymentLineFragment['taskCounts'];

/** How many tasks stand where: `ready 95, error 5`. */
function countsText(counts: Counts): string {
  return counts.map(({ status, count }) => `${status.toLowerCase()} ${count}`).join(', ');
}

/** A deployment as a row. */
export function deploymentRow(deployment: DeploymentLineFragment): Row {
  return {
    number: deployment.number,
    id: deployment.id,
    cluster: deployment.cluster?.externalId,
    externalId: deployment.externalId,
    name: deployment.name,
    status: deployment.status,
    reason: deployment.reason,
    progress: deployment.progress,
    message: deployment.message,
    tasks: countsText(deployment.taskCounts),
    dryRun: deployment.dryRun,
    createdAt: instant(deployment.createdAt),
    timeStart: instant(deployment.timeStart),
    timeEnd: instant(deployment.timeEnd),
    seconds: secondsBetween(deployment.timeStart, deployment.timeEnd),
  };
}
