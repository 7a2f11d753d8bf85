import type { Tx } from '../db/transaction.js';
import type { TransactionStatus } from '../entities/ledger.js';
import type { JobRunRow } from '../entities/run.js';
import type { Outbox } from '../events/outbox.js';
import type { NewEvent } from '../events/topics.js';

interface TellDeps {
  readonly outbox: Outbox;
}

/** A run that changed. */
export interface RunFact {
  run: JobRunRow;
  /** Null: it is read. */
  jobKey: string | null;
  reason: string | null;
  /** 0..100; null: it is read. */
  progress: number | null;
  /** Where it stood before; null for a run that is made. Left out: where it stands now. */
  statusBefore?: TransactionStatus | null;
  /** What its agent says of the progress. */
  message?: string | null;
  /** It was deleted. */
  deleted?: true;
}

interface Stored {
  id: string;
  name: string;
  progress: number;
}

/** What the facts leave to be read, from the runs' transactions: a run's transaction bears the job's key as its name. */
async function stored(tx: Tx, facts: readonly RunFact[]): Promise<Map<string, Stored>> {
  const ids = facts.filter(({ jobKey, progress }) => jobKey === null || progress === null).map(({ run }) => run.id);
  if (ids.length === 0) return new Map();
  const marks = ids.map(() => '?').join(', ');
  const rows = await tx.rows<Stored>(`SELECT id, name, progress FROM transactions WHERE id IN (${marks})`, ids);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Appends the facts that runs changed. */
export async function tellRun(tx: Tx, deps: TellDeps, facts: readonly RunFact[]): Promise<void> {
  const known = await stored(tx, facts);
  const events = facts.map((fact): NewEvent<'runChanged'> => {
    const { run, jobKey, reason, progress, statusBefore = fact.run.status, message = null } = fact;
    const { jobId, clientKey, state, status, result, nextAttemptAt } = run;
    const row = known.get(run.id);
    const rest = { jobKey: jobKey ?? row?.name ?? '', progress: progress ?? row?.progress ?? 0 };
    const payload = { jobId, clientKey, state, status, statusBefore, result, reason, message, nextAttemptAt, ...rest };
    const gone = fact.deleted ? { deleted: fact.deleted } : {};
    return { topic: 'runChanged', project: run.project, subject: run.id, payload: { ...payload, ...gone } };
  });
  await deps.outbox.append(tx, ...events);
}

/** Tells the agents of the runs' clients: there is work, or an order to abort. */
export async function tellAssigned(tx: Tx, deps: TellDeps, runs: readonly JobRunRow[], abort: boolean): Promise<void> {
  const events = runs.map((run): NewEvent<'runAssigned'> => {
    const payload = { clientKey: run.clientKey, runId: run.id, abort };
    return { topic: 'runAssigned', project: run.project, subject: run.id, payload };
  });
  await deps.outbox.append(tx, ...events);
}
