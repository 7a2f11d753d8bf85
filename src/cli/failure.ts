import { OrreryError } from '@orrery/sdk';

/** What the exit code of a command means, one table for all. */
export const EXIT = {
  OK: 0,
  /** The command ran, and what it asked for failed (a run ended FAIL, a job is stale). */
  FAILED: 1,
  /** The command line is wrong; nothing was sent. */
  USAGE: 2,
  /** The server refused: bad input, not found, conflict. */
  REFUSED: 3,
  /** No token, a wrong one, or one without the right. */
  DENIED: 4,
  /** No server answered. */
  UNREACHABLE: 5,
  /** Ctrl-C, as shells count it. */
  INTERRUPTED: 130,
} as const;

/** A failure told in one clear line, with the exit code it ends the command with. */
export class CliFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

const CODE_EXITS: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: EXIT.DENIED,
  FORBIDDEN: EXIT.DENIED,
  NETWORK: EXIT.UNREACHABLE,
  UNAVAILABLE: EXIT.UNREACHABLE,
};

/** The one line and the exit code that any failure ends a command with. */
export function describeFailure(failure: unknown): CliFailure {
  if (failure instanceof CliFailure) return failure;
  if (failure instanceof OrreryError) {
    const request = failure.requestId ? ` (request ${failure.requestId})` : '';
    return new CliFailure(`${failure.message}${request}`, CODE_EXITS[failure.code] ?? EXIT.REFUSED);
  }
  return new CliFailure(failure instanceof Error ? failure.message : String(failure), EXIT.FAILED);
}

/** A named error of a mutation's result, as the documents ask for it. */
export interface NamedError {
  readonly __typename: string;
  readonly message: string;
  readonly code: string;
  readonly issues?: readonly { readonly path: readonly string[]; readonly message: string }[] | null | undefined;
}

/** Turns a named error into a failure that lists every fault with its place. */
export function refusal(error: NamedError): CliFailure {
  const issues = (error.issues ?? []).map((issue) => `  ${issue.path.join('.') || 'input'}: ${issue.message}`);
  const lines = issues.length > 1 ? [`The input has ${issues.length} faults:`, ...issues] : [error.message];
  return new CliFailure(lines.join('\n'), CODE_EXITS[error.code] ?? EXIT.REFUSED);
}
