import { ExpectedError } from '../lib/errors.js';

/** The host refuses something: a full disk, a missing right, a missing file. The message says what and where. */
export class HostError extends ExpectedError {
  /** The system's own code, for example ENOSPC. */
  readonly reason: string;

  constructor(message: string, reason: string) {
    super('UNAVAILABLE', message);
    this.reason = reason;
  }
}

const MEANINGS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'this user has no right to',
  EPERM: 'this user has no right to',
  EROFS: 'the file system is read-only',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is no directory',
  EISDIR: 'it is a directory',
  EEXIST: 'something else is there already',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'the device failed',
  EMFILE: 'too many files are open',
  ELOOP: 'too many symbolic links',
};

/** The system's code of a failed call; empty for any other error. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * Does something with the host; a refusal becomes one line: "Cannot <doing>: <meaning>".
 * @throws HostError for a refusal of the system; anything else as it is.
 */
export async function onHost<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = errorCode(error);
    if (!/^E[A-Z0-9]+$/.test(code) || error instanceof HostError) throw error;
    throw new HostError(`Cannot ${doing}: ${MEANINGS[code] ?? 'the system refused'} (${code}).`, code);
  }
}
