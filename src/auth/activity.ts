import type { Database } from '../db/database.js';
import { keysetPage, type Page, type PageRequest } from '../db/page.js';
import { RowQuery } from '../db/row-query.js';
import type { Reader, Tx } from '../db/transaction.js';
import { insertRows } from '../db/write.js';
import { ActivityEntity, type ActivityRow } from '../entities/activity.js';
import { ID_PREFIX } from '../entities/ids.js';
import type { Outbox } from '../events/outbox.js';
import type { IdSource } from '../lib/ids.js';
import type { Ctx } from './actor.js';
import { visibleProject } from './scope.js';

/** What the server does by itself and records: no mutation. */
export const OWN_ACTIONS = ['historyRetention'] as const;
export type OwnAction = (typeof OWN_ACTIONS)[number];

/** What there is to say of one command. */
export interface ActivityEntry {
  /** The mutation's name, or what the server did by itself. */
  action: string;
  /** The id of what it was done to. */
  subject: string | null;
  project: string | null;
  /** `OK`, or the code of the error. */
  outcome: string;
  /** What is worth keeping of the input; never a secret. */
  detail?: Record<string, unknown>;
}

/** What a list of activity is narrowed to; what is left out does not narrow. */
export interface ActivityFilter {
  actorId?: string | null | undefined;
  action?: string | null | undefined;
  subject?: string | null | undefined;
  project?: string | null | undefined;
  outcome?: string | null | undefined;
  /** Epoch milliseconds, exclusive. */
  doneAfter?: number | null | undefined;
  /** Epoch milliseconds, exclusive. */
  doneBefore?: number | null | undefined;
}

export type ActivityOrder = 'NEWEST_FIRST' | 'OLDEST_FIRST';

const LONGEST = 255;

/** The rows that fit the filter and that the caller may see. */
export function activityQuery(reader: Reader, ctx: Ctx, filter: ActivityFilter): RowQuery<ActivityRow> {
  const query = new RowQuery(reader, ActivityEntity, 'activity');
  const own = visibleProject(ctx);
  if (own !== null) query.andWhere('activity.project = :own', { own });
  for (const field of ['actorId', 'action', 'subject', 'project', 'outcome'] as const) {
    const value = filter[field];
    if (value != null) query.andWhere(`activity.${field} = :${field}`, { [field]: value });
  }
  const { doneAfter, doneBefore } = filter;
  if (doneAfter != null) query.andWhere('activity.at > :doneAfter', { doneAfter });
  if (doneBefore != null) query.andWhere('activity.at < :doneBefore', { doneBefore });
  return query;
}

/** Who did what, when and from where: one row for each command, whether it was carried out or refused. */
export class Activities {
  readonly #db: Database;
  readonly #outbox: Outbox;
  readonly #ids: IdSource;

  constructor(parts: { db: Database; outbox: Outbox; ids: IdSource }) {
    this.#db = parts.db;
    this.#outbox = parts.outbox;
    this.#ids = parts.ids;
  }

  /** Writes one command's row and its fact, in the command's own transaction. */
  async record(tx: Tx, ctx: Ctx, entry: ActivityEntry): Promise<ActivityRow> {
    const { actor, origin, requestId } = ctx;
    const row: ActivityRow = {
      id: this.#ids.next(ID_PREFIX.activity),
      project: entry.project,
      actorId: actor.id.slice(0, LONGEST),
      actorName: actor.name.slice(0, LONGEST),
      role: actor.role,
      action: entry.action,
      subject: entry.subject,
      outcome: entry.outcome,
      detail: entry.detail ?? null,
      via: origin.via,
      address: origin.address,
      requestId,
      at: await tx.now(),
    };
    await insertRows(tx, ActivityEntity, [row]);
    const refused = row.outcome === 'OK' ? {} : { outcome: row.outcome };
    const payload = { actor: row.actorName, action: row.action, subject: row.subject, ...refused };
    await this.#outbox.append(tx, { topic: 'activityRecorded', project: row.project, subject: row.id, payload });
    return row;
  }

  /** Writes the row of a command that was refused, whose own transaction has been rolled back. */
  async recordApart(ctx: Ctx, entry: ActivityEntry): Promise<ActivityRow> {
    return this.#db.transaction((tx) => this.record(tx, ctx, entry));
  }

  /** One page of the rows that the caller may see. Throws InvalidInputError for a wrong page or cursor. */
  async list(ctx: Ctx, filter: ActivityFilter, order: ActivityOrder, page: PageRequest): Promise<Page<ActivityRow>> {
    const query = activityQuery(this.#db.reader, ctx, filter);
    const direction = order === 'OLDEST_FIRST' ? 'ASC' : 'DESC';
    const keys = [{ property: 'at', direction } as const, { property: 'id', direction } as const];
    return keysetPage(query, keys, page, `activity:${order}`);
  }

  /** The row with this id; null when there is none that the caller may see. */
  async find(ctx: Ctx, id: string): Promise<ActivityRow | null> {
    const row = await this.#db.manager.getRepository(ActivityEntity).findOneBy({ id });
    const own = visibleProject(ctx);
    return row && (own === null || row.project === own) ? row : null;
  }

  /** Removes rows older than an instant, at most `limit` of them; returns how many. */
  async purge(before: number, limit: number, db = this.#db): Promise<number> {
    return db.transaction(async (tx) => {
      const rows = await tx.rows<{ id: string }>('SELECT id FROM activity WHERE at < ? ORDER BY at, id LIMIT ?', [
        before,
        limit,
      ]);
      if (rows.length === 0) return 0;
      const marks = rows.map(() => '?').join(', ');
      return tx.execute(
        `DELETE FROM activity WHERE id IN (${marks})`,
        rows.map((row) => row.id),
      );
    });
  }
}
