import type { Ctx } from '../../auth/actor.js';
import type { IntakeDeps } from './deps.js';
import { type DeploymentEnd, type Ended, endDeployment } from './end.js';
import { Graphs } from './graphs.js';
import { type DeploymentReport, type TakenIn, takeReport } from './report.js';
import { type DeploymentReset, type Reset, resetDeployment } from './reset.js';
import { type DeploymentStart, type Started, startDeployment } from './start.js';
import { Touches } from './touches.js';

/** What is told of deployments from outside, whichever way it comes in; each function is its file's. */
export interface ReportService {
  start(ctx: Ctx, start: DeploymentStart): Promise<Started>;
  report(ctx: Ctx, report: DeploymentReport): Promise<TakenIn>;
  end(ctx: Ctx, end: DeploymentEnd): Promise<Ended>;
  reset(ctx: Ctx, reset: DeploymentReset): Promise<Reset>;
}

/** Puts the intake together. */
export function createReportService(deps: IntakeDeps): ReportService {
  const intake = { graphs: new Graphs(deps.db), touches: new Touches(deps) };
  return {
    start: (ctx, start) => startDeployment(deps, ctx, start),
    report: (_ctx, report) => takeReport(deps, intake, report),
    end: (ctx, end) => endDeployment(deps, ctx, end),
    reset: (ctx, reset) => resetDeployment(deps, ctx, reset),
  };
}
