import { randomUUID } from 'node:crypto';
import { chmod, link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../db/database.js';
import { isDuplicate } from '../db/failures.js';
import { insertRows } from '../db/write.js';
import { ApiTokenEntity } from '../entities/api-token.js';
import { ID_PREFIX } from '../entities/ids.js';
import type { IdSource } from '../lib/ids.js';
import type { Clock } from '../lib/time.js';
import type { Identity, Refusal } from './identity.js';
import { formatToken, makeSecret, parseToken, type RandomSource } from './secret.js';
import { checkToken } from './token-check.js';
import { newRow } from './tokens.js';

interface Parts {
  db: Database;
  ids: IdSource;
  clock: Clock;
  random: RandomSource;
}

/** Where the admin token of a data directory lies. */
export const adminTokenPath = (dataDirectory: string): string => join(dataDirectory, 'admin-token');

async function readToken(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function insertToken(parts: Parts, id: string, secret: string): Promise<void> {
  const grant = { role: 'ADMIN', project: null, clientKey: null } as const;
  await parts.db.transaction(async (tx) => {
    const row = newRow(id, 'first admin token', grant, secret, await tx.now(), 'system');
    await insertRows(tx, ApiTokenEntity, [row]);
  });
}

/** Puts a file in place whole, readable by its owner only; false when there is one already. */
async function placeFile(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  try {
    // link() fails where rename() would replace: of two processes that start at once, one wins.
    await link(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

/**
 * Makes sure that the data directory holds an admin token that works, and returns its path and whose it is. A token
 * whose row is gone (a fresh database) gets its row back; one that was revoked or is no token is replaced. Throws the
 * system's error when the file cannot be read or written.
 */
export async function provideAdminToken(
  parts: Parts,
  dataDirectory: string,
): Promise<{ path: string; owner: Identity }> {
  const path = adminTokenPath(dataDirectory);
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const text = await readToken(path);
    const owner = text === null ? null : await restore(parts, text);
    if (owner && 'grant' in owner) {
      await chmod(path, 0o600);
      return { path, owner };
    }
    if (text !== null) await unlink(path).catch(() => {});
    const fresh = formatToken(parts.ids.next(ID_PREFIX.apiToken), makeSecret(parts.random));
    await placeFile(path, `${fresh}\n`);
  }
  throw new Error(`Other processes keep replacing ${path}.`);
}

/** Another process that starts at once has written the same row. */
function ignoreDuplicate(error: unknown): void {
  if (!isDuplicate(error)) throw error;
}

/** Whose the token in the file is, its row written if the database does not have it. */
async function restore(parts: Parts, text: string): Promise<Identity | Refusal | null> {
  const parsed = parseToken(text);
  if (!parsed) return null;
  const known = await parts.db.manager.getRepository(ApiTokenEntity).findOneBy({ id: parsed.id });
  if (!known) await insertToken(parts, parsed.id, parsed.secret).catch(ignoreDuplicate);
  return checkToken(parts.db, parts.clock, text);
}
