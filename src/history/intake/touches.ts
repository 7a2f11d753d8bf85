import type { TransactionRow } from '../../entities/ledger.js';
import { NotFoundError } from '../../lib/errors.js';
import { apply } from '../apply.js';
import { transactionsByIds } from '../read.js';
import type { LedgerReport } from '../report.js';
import type { IntakeDeps } from './deps.js';

/** What a report says of the deployment itself. */
export type Touch = Pick<LedgerReport, 'startedAt' | 'progress'> & {
  /** The attempt of the deployment that it is of. */
  readonly attempt: number;
};

/** Of two touches of one attempt: it began with the earlier, and the later says how far it is. */
function merged(before: Touch, after: Touch): Touch {
  const [a, b] = [before.startedAt, after.startedAt];
  const startedAt = a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
  return { ...before, ...after, ...(startedAt === undefined ? {} : { startedAt }) };
}

/** Whether a touch changes the row as it is: of many reporters that begin at once, the first says when they began. */
function isNews(row: TransactionRow, { startedAt, progress, attempt }: Touch): boolean {
  if (progress !== undefined) return true;
  if (startedAt === undefined) return false;
  const begins = row.status === 'PENDING' && attempt === row.attempts;
  return begins || row.timeStart === null || startedAt < row.timeStart;
}

interface Waiting {
  /** By the attempt that each is of. */
  readonly touches: Map<number, Touch>;
  readonly done: Promise<TransactionRow>;
}

function add({ touches }: Pick<Waiting, 'touches'>, touch: Touch): void {
  const before = touches.get(touch.attempt);
  touches.set(touch.attempt, before ? merged(before, touch) : touch);
}

/**
 * Writes what reports say of their deployment's own row. That row is locked by each of its reporters, shared, until its
 * tasks are written; so it is changed apart from them, once for all who ask at the same time.
 */
export class Touches {
  readonly #deps: IntakeDeps;
  readonly #waiting = new Map<string, Waiting>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /**
   * The deployment's row as it is then. Rejects with NotFoundError for one that was deleted meanwhile, and as the
   * database does: the report that is sent again touches again.
   */
  write(transactionId: string, touch: Touch): Promise<TransactionRow> {
    const waiting = this.#waiting.get(transactionId);
    if (waiting) {
      add(waiting, touch);
      return waiting.done;
    }
    const before = this.#underWay.get(transactionId) ?? Promise.resolve();
    const done = before.then(() => this.#next(transactionId));
    const settled = done.then(
      () => this.#settle(transactionId),
      () => this.#settle(transactionId),
    );
    this.#waiting.set(transactionId, { touches: new Map([[touch.attempt, touch]]), done });
    this.#underWay.set(transactionId, settled);
    return done;
  }

  async #next(transactionId: string): Promise<TransactionRow> {
    const touches = [...(this.#waiting.get(transactionId)?.touches.values() ?? [])];
    this.#waiting.delete(transactionId);
    // To change the row is to wait for each reporter that holds it, while all others wait behind.
    const known = (await transactionsByIds(this.#deps.db.reader, [transactionId])).get(transactionId);
    if (known && !touches.some((touch) => isNews(known, touch))) return known;
    const reports = touches.map((touch): LedgerReport => ({ transactionId, reportId: null, ...touch }));
    const { transactions } = await this.#deps.db.transaction((tx) => apply(tx, this.#deps, reports));
    const row = transactions.get(transactionId);
    if (!row) throw new NotFoundError('deployment', transactionId, ['transactionId']);
    return row;
  }

  /** Nothing is kept of a deployment for which nobody waits. */
  #settle(transactionId: string): void {
    if (!this.#waiting.has(transactionId)) this.#underWay.delete(transactionId);
  }
}
