import type { Ctx } from '../../auth/actor.js';
import { checkReason } from '../../auth/reason.js';
import type { ServiceRow } from '../../entities/service.js';
import type { NewEvent } from '../../events/topics.js';
import { StateError } from '../../lib/errors.js';
import { releaseFact, serviceFact, serviceName } from '../facts.js';
import type { Tag } from '../kinds.js';
import { ENGINES_CHANNEL } from '../tag.js';
import type { CommandDeps } from './command-deps.js';
import { lockService, mustReach } from './lock-service.js';

/** Which service is to be forgotten. */
export interface RemoveInput {
  /** The global id, `host/name`, or the name where only one has it. */
  readonly id: string;
  readonly reason?: string | null | undefined;
}

interface Held {
  id: string;
  tag: string | Tag;
  slice: number;
  fence: number;
  lease_until: number | string | null;
}

const HELD = 'SELECT id, tag, slice, fence, lease_until FROM shards WHERE owner_id = ?';
const RELEASE = `UPDATE shards SET owner_id = NULL, owner_incarnation = NULL, lease_until = NULL, connection_id = NULL
  WHERE owner_id = ?`;

const LONGEST_WHY = 255;

/** Throws StateError for a service that may be alive: what it holds is safe only while it is known. */
function mustBeGone(service: ServiceRow, held: readonly Held[], now: number): void {
  const name = serviceName(service);
  if (service.state === 'ACTIVE' || service.state === 'DRAINING') {
    const message = `The service ${name} is ${service.state}: stop its process first.`;
    throw new StateError('SERVICE_RUNNING', message, ['id']);
  }
  const kept = held.filter(({ lease_until }) => Number(lease_until) > now);
  if (kept.length === 0) return;
  const message = `The service ${name} holds leases on ${kept.length} shards that have not run out: try again soon.`;
  throw new StateError('SERVICE_RUNNING', message, ['id']);
}

function releaseOf({ id: owner, host, name }: ServiceRow, { id, tag, slice, fence }: Held): NewEvent<'shardMoved'> {
  const labels: Tag = typeof tag === 'string' ? JSON.parse(tag) : tag;
  const from = { id: owner, name: serviceName({ host, name }) };
  return releaseFact({ id, tag: labels, slice, fence }, from, 'its owner was removed');
}

/**
 * Forgets a service that has stopped or failed; its process, started again, is a new one. Throws NotFoundError,
 * ConflictError (an ambiguous name), StateError SERVICE_RUNNING, ForbiddenError.
 */
export async function removeService(deps: CommandDeps, ctx: Ctx, input: RemoveInput): Promise<ServiceRow> {
  mustReach(ctx);
  const reason = checkReason(input.reason);
  return deps.db.transaction(async (tx) => {
    const service = await lockService(tx, ctx, input.id);
    const held = await tx.rows<Held>(HELD, [service.id]);
    mustBeGone(service, held, await tx.now());
    if (held.length > 0) await tx.execute(RELEASE, [service.id]);
    await tx.execute('DELETE FROM services WHERE id = ?', [service.id]);
    await deps.outbox.append(tx, ...held.map((shard) => releaseOf(service, shard)));
    const fact = serviceFact(service, service.state, reason ?? `removed by ${ctx.actor.name}`.slice(0, LONGEST_WHY));
    await deps.outbox.append(tx, { ...fact, payload: { ...fact.payload, removed: true } });
    const detail = { service: serviceName(service), ...(reason === null ? {} : { reason }) };
    const entry = { action: 'serviceRemove', subject: service.id, project: null, outcome: 'OK', detail };
    await deps.activity(tx, ctx, entry);
    tx.afterCommit(() => deps.bell.ring(ENGINES_CHANNEL));
    return service;
  });
}
