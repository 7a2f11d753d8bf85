import { randomUUID } from 'node:crypto';
import { access, constants, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError, ExpectedError } from '../lib/errors.js';
import { lockDirectory } from './directory-lock.js';
import { errorCode, onHost } from './host-error.js';
import { makeDirectory } from './make-directory.js';

/** What an agent remembers between its starts. */
interface Identity {
  readonly clientId: string;
  readonly hostname: string;
  /** Under which the server knows whose runs are whose. */
  readonly sessionId: string;
}

/** The directory of one agent, held against others until `release`. */
export interface AgentDirectory {
  readonly path: string;
  /** The same after a restart: the agent comes back to the runs that it holds. */
  readonly sessionId: string;
  readonly spool: string;
  /** For the working directories of actions; empty at the start. */
  readonly work: string;
  release(): Promise<void>;
}

const IDENTITY = 'agent.json';

async function readIdentity(path: string): Promise<Identity | null> {
  try {
    return JSON.parse(await readFile(join(path, IDENTITY), 'utf8')) as Identity;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    if (!(error instanceof SyntaxError)) throw error;
    // A kill in the middle of the very first start.
    return null;
  }
}

async function prepare(path: string): Promise<void> {
  await onHost(`use the agent's directory ${path}`, async () => {
    await makeDirectory(path, 0o700);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  });
  const names = (await readdir(path)).filter((name) => !name.startsWith('.lock'));
  if (names.length === 0 || names.includes(IDENTITY)) return;
  const message = `${path} is not empty and is not the directory of an agent: name an empty or a new one (--data-dir).`;
  throw new ExpectedError('UNAVAILABLE', message);
}

async function identityOf(path: string, clientId: string, hostname: string): Promise<Identity> {
  const known = await readIdentity(path);
  if (known && known.clientId !== clientId) {
    const message = `${path} belongs to the client "${known.clientId}": name another directory for "${clientId}" (--data-dir).`;
    throw new ConflictError(message);
  }
  // A directory that was copied to another host with the host must not pass for the first one.
  if (known?.hostname === hostname) return known;
  const identity = { clientId, hostname, sessionId: randomUUID() };
  await writeFile(join(path, IDENTITY), `${JSON.stringify(identity)}\n`, { mode: 0o600 });
  return identity;
}

/**
 * Opens the directory of an agent, making it when it is new, and holds it: a second agent of one client on one host is
 * refused here.
 * @throws HostError when it cannot be used, ConflictError when another agent uses it, ExpectedError when it is not ours.
 */
export async function openAgentDirectory(path: string, clientId: string, hostname: string): Promise<AgentDirectory> {
  await prepare(path);
  const release = await lockDirectory(path, `The agent of the client "${clientId}" runs already: ${path}`);
  try {
    const { sessionId } = await onHost(`use the agent's directory ${path}`, () => identityOf(path, clientId, hostname));
    return { path, sessionId, spool: join(path, 'spool'), work: join(path, 'work'), release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Makes an empty, private directory for an action; returns its path and what removes it. */
export async function makeWorkDirectory(
  directory: AgentDirectory,
  name: string,
): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = join(directory.work, name);
  await onHost(`make the working directory ${path}`, async () => {
    await rm(path, { recursive: true, force: true });
    await makeDirectory(path, 0o700);
  });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Removes what the actions of an earlier agent left. */
export async function clearWorkDirectory(directory: AgentDirectory): Promise<void> {
  await onHost(`clear ${directory.work}`, () => rm(directory.work, { recursive: true, force: true }));
}
