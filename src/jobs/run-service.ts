import type { Ctx } from '../auth/actor.js';
import { COUNT_CAP, type Page, type PageRequest } from '../db/page.js';
import type { FirstPageRequest } from '../db/pages.js';
import type { JobRunRow } from '../entities/run.js';
import type { ClientPlace } from './client-list.js';
import type { JobsDeps } from './deps.js';
import type { Advanced } from './run-advance.js';
import { claimRun } from './run-claim.js';
import { findRunView, pageOfRuns, pagesOfRuns, type RunView, runsByIds, viewRuns } from './run-find.js';
import type { RunFilter, RunOrder } from './run-list.js';
import type { Hold } from './run-lock.js';
import { type Appended, appendOutput, type NewPiece } from './run-output.js';
import { countOutput, type OutputPart, type OutputRequest, outputPage } from './run-output-read.js';
import { releaseRun } from './run-release.js';
import { renewRun } from './run-renew.js';
import { type AttemptReport, type Reported, reportAttempt } from './run-report.js';
import { clientStandings, openWork } from './run-work.js';
import type { ClientStanding } from './why-not.js';

/** What the API asks of the runs; each function is its file's, with the dependencies filled in. */
export interface RunService {
  claim(ctx: Ctx, runId: string, sessionId: string): Promise<Advanced>;
  renew(ctx: Ctx, hold: Hold): Promise<Advanced>;
  report(ctx: Ctx, hold: Hold, report: AttemptReport): Promise<Reported>;
  append(ctx: Ctx, hold: Hold, pieces: readonly NewPiece[]): Promise<Appended>;
  release(ctx: Ctx, hold: Hold, reason: string | null): Promise<JobRunRow>;
  find(ctx: Ctx, name: string): Promise<RunView | null>;
  byIds(ctx: Ctx, ids: readonly string[]): Promise<(RunView | null)[]>;
  list(ctx: Ctx, filter: RunFilter, order: RunOrder, request: PageRequest): Promise<Page<RunView>>;
  /** The first (or last) page for each filter, read together. */
  listOfEach(
    ctx: Ctx,
    filters: readonly RunFilter[],
    order: RunOrder,
    request: FirstPageRequest,
  ): Promise<Page<RunView>[]>;
  /** Runs that the caller may see anyway, as they are shown. */
  view(runs: readonly JobRunRow[]): Promise<RunView[]>;
  /** What waits for the agent of a client: runs to claim and orders to abort. */
  openWork(client: { project: string; key: string }): Promise<JobRunRow[]>;
  /** Where the clients at these places stand, of runs that the caller may see. */
  standings(places: readonly ClientPlace[]): Promise<ClientStanding[]>;
  output(runId: string, request: OutputRequest): Promise<OutputPart>;
  /** The number of pieces kept, at most COUNT_CAP. */
  outputCount(runId: string): Promise<number>;
  /** Milliseconds of a lease. */
  readonly lease: number;
  /** Bytes of one attempt's output that are kept. */
  readonly outputLimit: number;
}

/** A client with more open work gets the rest when some of it is done. */
const MOST_OPEN_WORK = 1_000;

/** Puts the runs together. */
export function createRunService(deps: JobsDeps): RunService {
  const { reader } = deps.db;
  return {
    claim: (ctx, runId, sessionId) => claimRun(deps, ctx, runId, sessionId),
    renew: (ctx, hold) => renewRun(deps, ctx, hold),
    report: (ctx, hold, report) => reportAttempt(deps, ctx, hold, report),
    append: (ctx, hold, pieces) => appendOutput(deps, ctx, hold, pieces),
    release: (ctx, hold, reason) => releaseRun(deps, ctx, hold, reason),
    find: (ctx, name) => findRunView(deps, ctx, name),
    byIds: (ctx, ids) => runsByIds(deps, ctx, ids),
    list: (ctx, filter, order, request) => pageOfRuns(deps, ctx, filter, order, request),
    listOfEach: (ctx, filters, order, request) => pagesOfRuns(deps, ctx, filters, order, request),
    view: (runs) => viewRuns(reader, runs),
    openWork: (client) => openWork(deps, client, MOST_OPEN_WORK),
    standings: (places) => clientStandings(deps, places),
    output: (runId, request) => outputPage(reader, runId, request),
    outputCount: (runId) => countOutput(reader, runId, COUNT_CAP),
    lease: deps.settings.runLease,
    outputLimit: deps.settings.outputLimit,
  };
}
