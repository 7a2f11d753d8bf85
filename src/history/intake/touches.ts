import type { TransactionRow } from '../../entities/ledger.js';
import { NotFoundError } from '../../lib/errors.js';
import { apply } from '../apply.js';
import { transactionsByIds } from '../read.js';
import type { LedgerReport } from '../report.js';
import { afterWord, saidOf, type Word } from '../word.js';
import type { IntakeDeps } from './deps.js';

/** What a report says of the deployment itself. */
export type Touch = Pick<LedgerReport, 'startedAt' | 'word'> & {
  /** The attempt of the deployment that it is of. */
  readonly attempt: number;
};

/** What reports that were told at once say of one attempt: when it began, and each what it has to say. */
interface Touched {
  readonly startedAt: number | undefined;
  readonly words: readonly Word[];
}

function merged(before: Touched | undefined, { startedAt: b, word }: Touch): Touched {
  const a = before?.startedAt;
  const startedAt = a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
  return { startedAt, words: [...(before?.words ?? []), ...(word ? [word] : [])] };
}

/** Whether that changes the row as it is: of many reporters that begin at once, the first says when they began. */
function isNews(row: TransactionRow, attempt: number, { startedAt, words }: Touched): boolean {
  const said = saidOf(row);
  if (attempt === row.attempts && words.some((word) => afterWord(said, word) !== said)) return true;
  if (startedAt === undefined) return false;
  const begins = row.status === 'PENDING' && attempt === row.attempts;
  return begins || row.timeStart === null || startedAt < row.timeStart;
}

function reportsOf(transactionId: string, attempt: number, { startedAt, words }: Touched): LedgerReport[] {
  const report = { transactionId, reportId: null, attempt };
  const begins = startedAt === undefined ? [] : [{ ...report, startedAt }];
  return [...begins, ...words.map((word) => ({ ...report, word }))];
}

interface Waiting {
  /** By the attempt that each is of. */
  readonly touches: Map<number, Touched>;
  readonly done: Promise<TransactionRow>;
}

function add({ touches }: Pick<Waiting, 'touches'>, touch: Touch): void {
  touches.set(touch.attempt, merged(touches.get(touch.attempt), touch));
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
    this.#waiting.set(transactionId, { touches: new Map([[touch.attempt, merged(undefined, touch)]]), done });
    this.#underWay.set(transactionId, settled);
    return done;
  }

  async #next(transactionId: string): Promise<TransactionRow> {
    const touches = [...(this.#waiting.get(transactionId)?.touches ?? [])];
    this.#waiting.delete(transactionId);
    // To change the row is to wait for each reporter that holds it, while all others wait behind.
    const known = (await transactionsByIds(this.#deps.db.reader, [transactionId])).get(transactionId);
    if (known && !touches.some(([attempt, touched]) => isNews(known, attempt, touched))) return known;
    const reports = touches.flatMap(([attempt, touched]) => reportsOf(transactionId, attempt, touched));
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
