import type { Ctx } from '../auth/actor.js';
import { projectFor } from '../auth/scope.js';
import { isDuplicate } from '../db/failures.js';
import { locked } from '../db/lock.js';
import type { Tx } from '../db/transaction.js';
import { insertRows, updateRows } from '../db/write.js';
import { ClientEntity, type ClientRow } from '../entities/client.js';
import { ID_PREFIX } from '../entities/ids.js';
import { JobRunEntity, type JobRunRow } from '../entities/run.js';
import { ForbiddenError, type InputIssue, InvalidInputError } from '../lib/errors.js';
import type { JobsDeps } from './deps.js';

/** How an agent registers. */
export interface Registration {
  /** The client id. */
  key: string;
  project?: string | null | undefined;
  hostname: string;
  version: string;
  capabilities: Record<string, unknown>;
  /** Made by the agent and kept while it may still hold runs: the same one comes back to them. */
  sessionId: string;
}

export interface Registered {
  client: ClientRow;
  /** The runs that this session holds: nothing of theirs is lost by coming back. */
  held: JobRunRow[];
}

/** The form of a client's id, as the job documents have it. */
const CLIENT_KEY = /^[\w.-]{1,255}$/;
const SESSION_ID = /^[\w-]{8,64}$/;
const LARGEST_CAPABILITIES = 64 * 1024;

function check(input: Registration): void {
  const issues: InputIssue[] = [];
  const refuse = (path: string, message: string): void => void issues.push({ path: [path], message });
  if (!CLIENT_KEY.test(input.key)) refuse('key', 'A client id has 1 to 255 letters, digits, "_", "." or "-".');
  if (!SESSION_ID.test(input.sessionId)) refuse('sessionId', 'A session id has 8 to 64 letters, digits, "_" or "-".');
  if (input.hostname.length > 255) refuse('hostname', 'A host name has at most 255 characters.');
  if (input.version.length > 64) refuse('version', 'A version has at most 64 characters.');
  if (JSON.stringify(input.capabilities).length > LARGEST_CAPABILITIES)
    refuse('capabilities', 'The capabilities take at most 64 KiB.');
  if (issues.length > 0) throw new InvalidInputError(issues);
}

async function registeredClient(tx: Tx, project: string, key: string): Promise<ClientRow | null> {
  const query = tx.manager.getRepository(ClientEntity).createQueryBuilder('client');
  query.where("client.project = :project AND client.key = :key AND client.slot = ''", { project, key });
  return locked(tx, query).getOne();
}

async function writeClient(tx: Tx, deps: JobsDeps, project: string, input: Registration): Promise<ClientRow> {
  const { key, hostname, version, capabilities, sessionId } = input;
  const now = await tx.now();
  const seen = { hostname, version, capabilities, sessionId, lastSeenAt: now };
  const known = await registeredClient(tx, project, key);
  if (known) {
    await updateRows(tx, ClientEntity, { id: known.id }, seen);
    return { ...known, ...seen };
  }
  const id = deps.ids.next(ID_PREFIX.client);
  const client: ClientRow = { id, project, key, description: '', createdAt: now, slot: '', ...seen };
  await insertRows(tx, ClientEntity, [client]);
  return client;
}

async function heldBy(tx: Tx, client: ClientRow): Promise<JobRunRow[]> {
  const { project, key: clientKey, sessionId } = client;
  if (sessionId === null) return [];
  const runs = tx.manager.getRepository(JobRunEntity);
  const found = await runs.find({ where: { clientKey, project, state: 'RUNNING' }, order: { id: 'ASC' } });
  return found.filter((run) => run.leaseOwner === sessionId);
}

async function register(tx: Tx, deps: JobsDeps, ctx: Ctx, project: string, input: Registration): Promise<Registered> {
  const client = await writeClient(tx, deps, project, input);
  const { hostname, version } = input;
  const entry = { action: 'clientRegister', subject: client.id, project, outcome: 'OK', detail: { hostname, version } };
  await deps.activity(tx, ctx, entry);
  const payload = { key: client.key, change: 'REGISTERED' as const };
  await deps.outbox.append(tx, { topic: 'clientChanged', project, subject: client.id, payload });
  return { client, held: await heldBy(tx, client) };
}

/**
 * Registers an agent for a client, or brings it back: from now on its session gets the client's work, and an agent that
 * registered before gets no more (the runs that it holds stay its own until their leases end).
 *
 * Throws InvalidInputError, ForbiddenError when the token speaks for another client.
 */
export async function registerClient(deps: JobsDeps, ctx: Ctx, input: Registration): Promise<Registered> {
  check(input);
  const { role, clientKey } = ctx.actor;
  if (role === 'AGENT' && clientKey !== input.key) {
    throw new ForbiddenError(`This token speaks for the client "${clientKey}", not for "${input.key}".`, ['key']);
  }
  const project = projectFor(ctx, input.project);
  const once = (): Promise<Registered> => deps.db.transaction((tx) => register(tx, deps, ctx, project, input));
  try {
    return await once();
  } catch (error) {
    // Two agents registered the same new client at one instant: the row is there now.
    if (isDuplicate(error)) return once();
    throw error;
  }
}
