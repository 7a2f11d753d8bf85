import type { Ctx } from '../../auth/actor.js';
import { checkReason } from '../../auth/reason.js';
import type { Tx } from '../../db/transaction.js';
import type { ServiceRow, ServiceState } from '../../entities/service.js';
import { StateError } from '../../lib/errors.js';
import { serviceFact, serviceName } from '../facts.js';
import type { Tag } from '../kinds.js';
import { ENGINES_CHANNEL, fits } from '../tag.js';
import type { CommandDeps } from './command-deps.js';
import { tagText } from './label-rules.js';
import { lockService, mustReach } from './lock-service.js';
import { type Roster, readRoster } from './roster.js';

/** Which service is to be emptied, or to take work again. */
export interface DrainInput {
  /** The global id, `host/name`, or the name where only one has it. */
  readonly id: string;
  /** False: it takes work again. */
  readonly drain: boolean;
  readonly reason?: string | null | undefined;
}

/** What nobody will own once the service is empty. */
export interface DrainWarning {
  readonly message: string;
  /** At most MOST_TAGS of them. */
  readonly tags: readonly Tag[];
  readonly shards: number;
}

export interface Drained {
  readonly service: ServiceRow;
  /** DRAINING: it lets go of its shards now. RESUMED: it takes work again. */
  readonly outcome: 'DRAINING' | 'RESUMED' | 'NOTHING_TO_DO';
  readonly warning: DrainWarning | null;
}

const MOST_TAGS = 20;
const LONGEST_WHY = 255;

interface TagCount {
  tag_key: string;
  tag: string | Tag;
  shards: number | string;
}

const TAGS = `SELECT shards.tag_key, shards.tag, one.shards FROM shards
  JOIN (SELECT MIN(id) AS id, COUNT(*) AS shards FROM shards GROUP BY tag_key) one ON one.id = shards.id
  ORDER BY shards.tag_key`;

/** What becomes UNASSIGNED when this service takes no work any more; null: nothing. */
async function warningOf(tx: Tx, service: ServiceRow, roster: Roster): Promise<DrainWarning | null> {
  const rows = (await tx.rows<TagCount>(TAGS)).map(({ tag, shards }) => ({
    tag: typeof tag === 'string' ? (JSON.parse(tag) as Tag) : tag,
    shards: Number(shards),
  }));
  const left = rows.filter(({ tag }) => fits(service.labels, tag) && !roster.fitting(tag, service.id));
  if (left.length === 0) return null;
  const shards = left.reduce((sum, row) => sum + row.shards, 0);
  const tags = left.slice(0, MOST_TAGS).map(({ tag }) => tag);
  const named = `${tags.map(tagText).join('; ')}${left.length > MOST_TAGS ? ' ...' : ''}`;
  const message = `${serviceName(service)} is the last service that takes what is tagged ${named}: nothing of that is fired until another does.`;
  return { message, tags, shards };
}

/** Throws StateError for a service that does not run. */
function mustRun(service: ServiceRow): void {
  if (service.state === 'ACTIVE' || service.state === 'DRAINING') return;
  const message = `The service ${serviceName(service)} is ${service.state}: only one that runs can be drained.`;
  throw new StateError('SERVICE_NOT_RUNNING', message, ['id']);
}

/**
 * Has a service let go of what it owns and take nothing any more, or take work again. A restart of its process ends
 * that too. Throws NotFoundError, ConflictError (an ambiguous name), StateError SERVICE_NOT_RUNNING, ForbiddenError.
 */
export async function drainService(deps: CommandDeps, ctx: Ctx, input: DrainInput): Promise<Drained> {
  mustReach(ctx);
  const reason = checkReason(input.reason);
  const roster = await readRoster(deps);
  return deps.db.transaction(async (tx) => {
    const before = await lockService(tx, ctx, input.id);
    mustRun(before);
    const state: ServiceState = input.drain ? 'DRAINING' : 'ACTIVE';
    const warning = input.drain ? await warningOf(tx, before, roster) : null;
    if (before.state === state) return { service: before, outcome: 'NOTHING_TO_DO', warning };
    await tx.execute('UPDATE services SET state = ? WHERE id = ?', [state, before.id]);
    const service = { ...before, state };
    const why = reason ?? `${input.drain ? 'drained' : 'resumed'} by ${ctx.actor.name}`.slice(0, LONGEST_WHY);
    await deps.outbox.append(tx, serviceFact(before, state, why));
    const detail = { service: serviceName(service), drain: input.drain, ...(reason === null ? {} : { reason }) };
    const entry = { action: 'serviceDrain', subject: service.id, project: null, outcome: 'OK', detail };
    await deps.activity(tx, ctx, entry);
    tx.afterCommit(() => deps.bell.ring(ENGINES_CHANNEL));
    return { service, outcome: input.drain ? 'DRAINING' : 'RESUMED', warning };
  });
}
