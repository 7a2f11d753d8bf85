import type { Ctx } from '../auth/actor.js';
import type { Tx } from '../db/transaction.js';
import { updateRows } from '../db/write.js';
import { ClientEntity, type ClientRow } from '../entities/client.js';
import { InvalidInputError, NotFoundError } from '../lib/errors.js';
import { type ClientName, findClient } from './client-list.js';
import type { JobsDeps } from './deps.js';

type Change = 'UPDATED' | 'REMOVED';

const ACTION: Readonly<Record<Change, string>> = { UPDATED: 'clientUpdate', REMOVED: 'clientRemove' };

async function changeClient(
  deps: JobsDeps,
  ctx: Ctx,
  name: ClientName,
  change: Change,
  values: (client: ClientRow) => Partial<ClientRow>,
): Promise<ClientRow> {
  const found = await findClient(deps, ctx, name);
  if (found?.slot !== '') throw new NotFoundError('client', name.id);
  return deps.db.transaction(async (tx: Tx) => {
    const { id, project, key } = found;
    const changed = values(found);
    const count = await updateRows(tx, ClientEntity, { id, slot: '' }, changed);
    if (count === 0) throw new NotFoundError('client', name.id);
    await deps.outbox.append(tx, { topic: 'clientChanged', project, subject: id, payload: { key, change } });
    await deps.activity(tx, ctx, { action: ACTION[change], subject: id, project, outcome: 'OK' });
    return { ...found, ...changed };
  });
}

/** Changes what people say of a client. Throws NotFoundError, InvalidInputError. */
export async function updateClient(
  deps: JobsDeps,
  ctx: Ctx,
  name: ClientName,
  description: string,
): Promise<ClientRow> {
  if (description.length > 255) {
    throw new InvalidInputError([{ path: ['description'], message: 'A description has at most 255 characters.' }]);
  }
  return changeClient(deps, ctx, name, 'UPDATED', () => ({ description }));
}

/**
 * Forgets a client: its agent gets no more work until it registers anew; its jobs stay, and show it as UNKNOWN. What its
 * agent is doing goes on. Throws NotFoundError.
 */
export async function removeClient(deps: JobsDeps, ctx: Ctx, name: ClientName): Promise<ClientRow> {
  return changeClient(deps, ctx, name, 'REMOVED', (client) => ({ slot: client.id, sessionId: null }));
}
