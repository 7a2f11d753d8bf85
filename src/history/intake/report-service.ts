import type { Ctx } from '../../auth/actor.js';
import type { IntakeDeps } from './deps.js';
import { type DeploymentEnd, type Ended, endDeployment } from './end.js';
import { Graphs } from './graphs.js';
import { type DeploymentReport, type TakenIn, takeReport } from './report.js';
import { type DeploymentStart, type Started, startDeployment } from './start.js';

/** What is told of deployments from outside, whichever way it comes in; each function is its file's. */
export interface ReportService {
  start(ctx: Ctx, start: DeploymentStart): Promise<Started>;
  report(ctx: Ctx, report: DeploymentReport): Promise<TakenIn>;
  end(ctx: Ctx, end: DeploymentEnd): Promise<Ended>;
}

/** Puts the intake together. */
export function createReportService(deps: IntakeDeps): ReportService {
  const graphs = new Graphs(deps.db);
  return {
    start: (ctx, start) => startDeployment(deps, ctx, start),
    report: (_ctx, report) => takeReport(deps, graphs, report),
    end: (ctx, end) => endDeployment(deps, ctx, end),
  };
}
