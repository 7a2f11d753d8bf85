import type { Ctx } from '../../auth/actor.js';
import { checkReason } from '../../auth/reason.js';
import type { Tx } from '../../db/transaction.js';
import type { BackgroundJobRow } from '../../entities/background-job.js';
import { InvalidInputError, NotFoundError } from '../../lib/errors.js';
import type { Tag } from '../kinds.js';
import { findBackgroundJob } from './background-job-list.js';
import type { CommandDeps } from './command-deps.js';
import { checkTag } from './label-rules.js';
import { mustReach } from './lock-service.js';
import { readRoster } from './roster.js';
import { findService } from './service-list.js';

type Maybe<T> = T | null | undefined;

/** Where a background job is to run: on one service, on those that carry some labels, or as its kind would have it. */
export interface RebindInput {
  /** The global id, or `kind/subject`. */
  readonly id: string;
  /** A service: its global id, `host/name`, or its name where only one has it. */
  readonly serviceId?: Maybe<string>;
  readonly tag?: Maybe<Readonly<Record<string, unknown>>>;
  readonly reason?: Maybe<string>;
}

export interface Rebound {
  readonly backgroundJob: BackgroundJobRow;
  readonly outcome: 'REBOUND' | 'NOTHING_TO_DO';
  /** Why nobody takes it where it is now; null: somebody does. */
  readonly warning: string | null;
}

/** The tag that is asked for; null: the default of its kind. */
async function tagOf(tx: Tx, ctx: Ctx, { serviceId, tag }: RebindInput): Promise<Tag | null> {
  if (serviceId != null && tag != null) {
    throw new InvalidInputError([{ path: ['tag'], message: 'Give a service or a tag, not both.' }]);
  }
  if (tag != null) return checkTag(tag, ['tag']);
  if (serviceId == null) return null;
  const service = await findService(tx, ctx, serviceId);
  if (!service) throw new NotFoundError('service', serviceId, ['serviceId']);
  return { host: service.host, name: service.name };
}

/**
 * Pins a background job to a service or to labels, or takes the pin away; one that is parked or backs off is tried again
 * at once. Throws NotFoundError, ConflictError (an ambiguous name of a service), InvalidInputError, ForbiddenError.
 */
export async function rebindBackgroundJob(deps: CommandDeps, ctx: Ctx, input: RebindInput): Promise<Rebound> {
  mustReach(ctx);
  const reason = checkReason(input.reason);
  const { backgroundJob, outcome } = await deps.db.transaction(async (tx) => {
    const before = await findBackgroundJob(tx, ctx, input.id);
    if (!before) throw new NotFoundError('background job', input.id);
    const tag = await tagOf(tx, ctx, input);
    const outcome: Rebound['outcome'] = (await deps.planner.rebind(tx, before.id, tag)) ? 'REBOUND' : 'NOTHING_TO_DO';
    const backgroundJob = (outcome === 'REBOUND' && (await findBackgroundJob(tx, ctx, before.id))) || before;
    if (outcome === 'REBOUND') {
      const { id: subject, project, kind, tag: bound } = backgroundJob;
      const about = { kind, subject: before.subject, tag: bound, pinned: tag !== null };
      const detail = { ...about, ...(reason === null ? {} : { reason }) };
      await deps.activity(tx, ctx, { action: 'backgroundJobRebind', subject, project, outcome: 'OK', detail });
    }
    return { backgroundJob, outcome };
  });
  const roster = await readRoster(deps);
  const warning = roster.fitting(backgroundJob.tag) ? null : roster.reasonFor(backgroundJob.tag, true);
  return { backgroundJob, outcome, warning };
}
