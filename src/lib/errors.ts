/** The kinds of failure that a caller can cause and must be able to tell apart. */
export type ErrorCode =
  | 'INVALID_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'FORBIDDEN'
  | 'UNAUTHENTICATED'
  | 'JOB_REMOVED'
  | 'SCHEDULE_EXHAUSTED'
  | 'LEASE_LOST'
  | 'HISTORY_DISABLED'
  | 'NOT_A_DEPLOYMENT'
  | 'CLUSTER_REMOVED'
  | 'TRANSACTION_OPEN'
  | 'SERVICE_RUNNING'
  | 'SERVICE_NOT_RUNNING'
  | 'RESYNC_REQUIRED'
  | 'SLOW_CONSUMER'
  | 'RATE_LIMITED'
  | 'UNAVAILABLE';

/**
 * A failure that the caller can understand and mend: it becomes data in the API's answer.
 * Anything else that is thrown is a bug, and is masked.
 */
export class ExpectedError extends Error {
  readonly code: ErrorCode;
  /**
   * Where in the input the fault lies, outermost first; empty when it is not one place. Not named `path`: GraphQL takes
   * an error with a `path` for one that says where in the answer it stands.
   */
  readonly inputPath: readonly (string | number)[];
  /** What a program needs to go on, beside the code: shown in the error's extensions. */
  readonly details: Readonly<Record<string, string>> = {};

  constructor(code: ErrorCode, message: string, path: readonly (string | number)[] = []) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.inputPath = path;
  }
}

/** One fault of an input: where it is and what would be right. */
export interface InputIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The input breaks one or more rules; `issues` names every one of them, and `path` is that of the first. */
export class InvalidInputError extends ExpectedError {
  readonly issues: readonly InputIssue[];

  constructor(issues: readonly InputIssue[]) {
    const first = issues[0] ?? { path: [], message: 'The input is not valid.' };
    super(
      'INVALID_INPUT',
      issues.length > 1 ? `${first.message} (and ${issues.length - 1} more)` : first.message,
      first.path,
    );
    this.issues = issues;
  }
}

/** Nothing the caller may see has this id. */
export class NotFoundError extends ExpectedError {
  readonly id: string;

  /** `owner` names what it would be part of: `job "docs"`. */
  constructor(noun: string, id: string, path: readonly (string | number)[] = ['id'], owner?: string) {
    super('NOT_FOUND', `There is no ${noun} "${id}"${owner === undefined ? '' : ` of ${owner}`}.`, path);
    this.id = id;
  }
}

/** The thing changed meanwhile, or its key is taken. */
export class ConflictError extends ExpectedError {
  constructor(message: string, path: readonly (string | number)[] = []) {
    super('CONFLICT', message, path);
  }
}

/** The caller's rights do not reach this. */
export class ForbiddenError extends ExpectedError {
  constructor(message: string, path: readonly (string | number)[] = []) {
    super('FORBIDDEN', message, path);
  }
}

/** The state of the thing does not allow the command; the code says which state. */
export class StateError extends ExpectedError {}
