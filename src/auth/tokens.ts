import type { Database } from '../db/database.js';
import { keysetPage, type Page, type PageRequest } from '../db/page.js';
import { RowQuery } from '../db/row-query.js';
import type { Reader } from '../db/transaction.js';
import { insertRows, updateRows } from '../db/write.js';
import { ApiTokenEntity, type ApiTokenRow } from '../entities/api-token.js';
import { ID_PREFIX } from '../entities/ids.js';
import { type InputIssue, InvalidInputError, NotFoundError } from '../lib/errors.js';
import type { IdSource } from '../lib/ids.js';
import { isName } from '../lib/names.js';
import type { Activities } from './activity.js';
import type { Ctx, Role } from './actor.js';
import { checkGrantable, type Grant, grantFault } from './grant.js';
import type { Revocations } from './revocations.js';
import { visibleProject } from './scope.js';
import { formatToken, hashSecret, makeSecret, type RandomSource } from './secret.js';

/** What a new token is to be. */
export interface NewToken {
  /** For people: what it is for. 1 to 255 characters. */
  name: string;
  role: Role;
  /** Needed for MEMBER and AGENT; left out, it is the caller's own. */
  project?: string | null | undefined;
  /** The client's key; needed for AGENT. */
  client?: string | null;
  /** Epoch milliseconds; left out, it never ends (or with the token that made it). */
  expiresAt?: number | null;
}

/** What a list of tokens is narrowed to. */
export interface TokenFilter {
  role?: Role | null | undefined;
  project?: string | null | undefined;
}

interface Parts {
  db: Database;
  ids: IdSource;
  random: RandomSource;
  activities: Activities;
  revocations: Revocations;
}

const LONGEST_NAME = 255;

function checkTexts(input: NewToken, now: number): void {
  const issues: InputIssue[] = [];
  if (!isName(input.name.trim(), LONGEST_NAME)) {
    issues.push({
      path: ['name'],
      message: `A name has 1 to ${LONGEST_NAME} characters, no control character among them.`,
    });
  }
  if (input.expiresAt != null && input.expiresAt <= now) {
    issues.push({ path: ['expiresAt'], message: 'The token would have expired already: name an instant ahead.' });
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
}

/** The earlier of two ends, where null is never. */
const earlier = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b);

/** The tokens that fit the filter and that the caller may see. */
export function tokenQuery(reader: Reader, ctx: Ctx, filter: TokenFilter): RowQuery<ApiTokenRow> {
  const query = new RowQuery(reader, ApiTokenEntity, 'token');
  const own = visibleProject(ctx);
  if (own !== null) query.andWhere('token.project = :own', { own });
  if (filter.project != null) query.andWhere('token.project = :project', { project: filter.project });
  if (filter.role != null) query.andWhere('token.role = :role', { role: filter.role });
  return query;
}

/** The API's bearer tokens: made, listed and revoked. */
export class ApiTokens {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Makes a token that may do no more and lives no longer than its maker. The text is shown this once. Throws
   * InvalidInputError for a grant that is not whole or not the caller's to give.
   */
  async create(ctx: Ctx, input: NewToken): Promise<{ token: ApiTokenRow; text: string }> {
    const { db, ids, random, activities } = this.#parts;
    const { actor } = ctx;
    const grant: Grant = {
      role: input.role,
      project: input.project ?? actor.project,
      clientKey: input.client ?? null,
    };
    checkGrantable(actor, grant);
    const id = ids.next(ID_PREFIX.apiToken);
    const secret = makeSecret(random);
    const token = await db.transaction(async (tx) => {
      const now = await tx.now();
      checkTexts(input, now);
      const row = newRow(id, input.name.trim(), grant, secret, now, actor.id);
      row.expiresAt = earlier(input.expiresAt ?? null, actor.expiresAt);
      await insertRows(tx, ApiTokenEntity, [row]);
      const detail = { name: row.name, role: row.role, client: row.clientKey, expiresAt: row.expiresAt };
      const entry = { action: 'apiTokenCreate', subject: id, project: row.project, outcome: 'OK', detail };
      await activities.record(tx, ctx, entry);
      return row;
    });
    return { token, text: formatToken(id, secret) };
  }

  /**
   * Ends a token's rights at once: its sessions and open connections end too. Revoking it again changes nothing.
   * Throws NotFoundError when there is none that the caller may revoke.
   */
  async revoke(ctx: Ctx, id: string): Promise<{ token: ApiTokenRow; outcome: 'REVOKED' | 'ALREADY_REVOKED' }> {
    const { db, activities, revocations } = this.#parts;
    return db.transaction(async (tx) => {
      const row = await tx.manager.getRepository(ApiTokenEntity).findOneBy({ id });
      if (!row || !this.#reaches(ctx, row)) throw new NotFoundError('token', id);
      const outcome = row.revokedAt === null ? 'REVOKED' : 'ALREADY_REVOKED';
      const detail = { name: row.name, role: row.role, command: outcome };
      const entry = { action: 'apiTokenRevoke', subject: row.id, project: row.project, outcome: 'OK', detail };
      await activities.record(tx, ctx, entry);
      if (outcome === 'ALREADY_REVOKED') return { token: row, outcome };
      const change = { revokedAt: await tx.now(), revokedBy: ctx.actor.id };
      await updateRows(tx, ApiTokenEntity, { id: row.id }, change);
      tx.afterCommit(() => revocations.end(row.id));
      return { token: { ...row, ...change }, outcome };
    });
  }

  /** One page of the tokens that the caller may see, by the time they were made. */
  async list(ctx: Ctx, filter: TokenFilter, direction: 'ASC' | 'DESC', page: PageRequest): Promise<Page<ApiTokenRow>> {
    const query = tokenQuery(this.#parts.db.reader, ctx, filter);
    const keys = [
      { property: 'createdAt', direction },
      { property: 'id', direction },
    ];
    return keysetPage(query, keys, page, `apiTokens:${direction}`);
  }

  /** The token with this id; null when there is none that the caller may see. */
  async find(ctx: Ctx, id: string): Promise<ApiTokenRow | null> {
    const row = await this.#parts.db.manager.getRepository(ApiTokenEntity).findOneBy({ id });
    const own = visibleProject(ctx);
    return row && (own === null || row.project === own) ? row : null;
  }

  /** Whoever may give a grant may take it back; anybody may end its own token. */
  #reaches(ctx: Ctx, row: ApiTokenRow): boolean {
    if (row.id === ctx.actor.id) return true;
    if (ctx.actor.project !== null && row.project !== ctx.actor.project) return false;
    const grant = { role: row.role, project: row.project, clientKey: row.clientKey };
    if (grantFault(grant)) return ctx.actor.role === 'ADMIN';
    try {
      checkGrantable(ctx.actor, grant);
      return true;
    } catch {
      return false;
    }
  }
}

/** A token's row, not yet written. */
export function newRow(
  id: string,
  name: string,
  grant: Grant,
  secret: string,
  createdAt: number,
  createdBy: string,
): ApiTokenRow {
  return {
    id,
    name,
    ...grant,
    secretHash: hashSecret(secret),
    createdAt,
    createdBy,
    expiresAt: null,
    revokedAt: null,
    revokedBy: null,
    lastUsedAt: null,
  };
}
