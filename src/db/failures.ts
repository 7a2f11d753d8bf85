/** The codes under which a driver says why a statement failed. */
function codeOf(error: unknown): string | number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('driverError' in error) return codeOf(error.driverError);
  if ('code' in error && (typeof error.code === 'string' || typeof error.code === 'number')) return error.code;
  return undefined;
}

/** Whether the driver's connection ended with the failure: mysql2 marks it so, whatever the code is. */
function isFatal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('driverError' in error) return isFatal(error.driverError);
  return 'fatal' in error && error.fatal === true;
}

const CONFLICTS = new Set<unknown>(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD', 'SQLITE_BUSY']);
const DUPLICATES = new Set<unknown>(['ER_DUP_ENTRY', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY']);
const LOST = new Set<unknown>([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_QUERY_INTERRUPTED',
  'ER_UNKNOWN_COM_ERROR',
  'ER_ERROR_DURING_COMMIT',
]);

const FULL = new Set<unknown>(['SQLITE_FULL', 'ER_DISK_FULL', 'ER_RECORD_FILE_FULL']);

/** Thrown within a transaction that met another's work where it had seen none: it is rolled back, and runs again. */
export class ConflictRetry extends Error {}

/** Another transaction was in the way: nothing was written, the whole transaction may run again. */
export function isConflict(error: unknown): boolean {
  return error instanceof ConflictRetry || CONFLICTS.has(codeOf(error));
}

/** A unique key is taken. */
export function isDuplicate(error: unknown): boolean {
  return DUPLICATES.has(codeOf(error));
}

/**
 * Work of a transaction that makes what another may make at the same moment: when it was first, the whole transaction
 * runs again, and finds it there.
 */
export async function retryWhenTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isDuplicate(error) ? new ConflictRetry('Another transaction was first.', { cause: error }) : error;
  }
}

/** The disk under the database is full: nothing was written. */
export function isDiskFull(error: unknown): boolean {
  return FULL.has(codeOf(error));
}

/** The server cannot be reached, or the connection broke: what was asked may or may not have happened. */
export function isConnectionLost(error: unknown): boolean {
  if (LOST.has(codeOf(error)) || isFatal(error)) return true;
  return (
    error instanceof Error && /Connection lost|closed state|Pool is closed|Can't add new command/.test(error.message)
  );
}
