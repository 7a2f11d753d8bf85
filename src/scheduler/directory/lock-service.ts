import type { Ctx } from '../../auth/actor.js';
import type { Tx } from '../../db/transaction.js';
import type { ServiceRow } from '../../entities/service.js';
import { ForbiddenError, NotFoundError } from '../../lib/errors.js';
import { findService, serviceQuery } from './service-list.js';
import { seesServices } from './visible.js';

/** Throws ForbiddenError when the caller belongs to one project: services belong to the operator. */
export function mustReach(ctx: Ctx): void {
  if (!seesServices(ctx)) throw new ForbiddenError('Services belong to the operator, and this token to one project.');
}

/** A service by its name, locked until the transaction ends. Throws NotFoundError, ConflictError (an ambiguous name). */
export async function lockService(tx: Tx, ctx: Ctx, name: string): Promise<ServiceRow> {
  const found = await findService(tx, ctx, name);
  const [service] = found
    ? await serviceQuery(tx, ctx, {}).andWhere('service.id = :id', { id: found.id }).lock('write').rows(null, [], 1)
    : [];
  if (!service) throw new NotFoundError('service', name);
  return service;
}
