import { OrreryError, RefusedError } from '@orrery/sdk';
import { ExpectedError } from '../lib/errors.js';

/** What the exit code of a command means, one table for all. */
export const EXIT = {
  OK: 0,
  /** The command ran, and what it asked for failed (a run ended FAIL, a job is stale). */
  FAILED: 1,
  /** The command line or a setting is wrong; nothing was sent. */
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

/** The table as `orrery --help` shows it. */
export const EXIT_HELP = `
Exit codes:
  ${EXIT.OK}    done
  ${EXIT.FAILED}    done, and what was asked for failed (a run ended FAIL)
  ${EXIT.USAGE}    the command line or a setting is wrong; nothing was sent
  ${EXIT.REFUSED}    the server refused: bad input, not found, conflict
  ${EXIT.DENIED}    no token, a wrong one, or one without the right
  ${EXIT.UNREACHABLE}    no server answered
  ${EXIT.INTERRUPTED}  Ctrl-C`;

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

/** What a person can do about a failure that the server cannot know. */
const ADVICE: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: ' Give a valid token with --token-file (or ORRERY_TOKEN).',
  NETWORK: ' Start a server with "npm start", or name another with --url (or ORRERY_URL).',
};

/** Refusals that say themselves what is to be done: nobody needs to look for them in the server's log. */
const EXPLAINED: ReadonlySet<string> = new Set(['INVALID_INPUT', 'NOT_FOUND', 'CONFLICT']);

/** The input of a mutation is called so in paths; on the command line it has no name. */
function place(path: readonly string[]): string {
  return (path[0] === 'input' ? path.slice(1) : path).join('.') || 'input';
}

/** Faults of an input, each with its place; a message that begins with the name of its field need not say it twice. */
export function faultLines(issues: RefusedError['issues']): string[] {
  return issues.map(({ path, message }) => {
    const named = `${path.at(-1)}: `;
    return `${place(path)}: ${message.startsWith(named) ? message.slice(named.length) : message}`;
  });
}

/** A refusal that lists every fault with its place. */
function refusal(error: RefusedError): CliFailure {
  const exitCode = CODE_EXITS[error.code] ?? EXIT.REFUSED;
  if (error.issues.length === 0) return new CliFailure(error.message, exitCode);
  const lines = faultLines(error.issues);
  const [only] = lines;
  if (lines.length === 1 && only) return new CliFailure(only, exitCode);
  return new CliFailure(`The input has ${lines.length} faults:\n  ${lines.join('\n  ')}`, exitCode);
}

/** The one line and the exit code that any failure ends a command with. */
export function describeFailure(failure: unknown): CliFailure {
  if (failure instanceof CliFailure) return failure;
  if (failure instanceof RefusedError) return refusal(failure);
  if (failure instanceof OrreryError) {
    const request = failure.requestId && !EXPLAINED.has(failure.code) ? ` (request ${failure.requestId})` : '';
    const message = `${failure.message}${ADVICE[failure.code] ?? ''}${request}`;
    return new CliFailure(message, CODE_EXITS[failure.code] ?? EXIT.REFUSED);
  }
  // Only commands that run in this process meet these: settings that cannot be used.
  const settings = failure instanceof ExpectedError && failure.code === 'INVALID_INPUT';
  if (settings) return new CliFailure(failure.message, EXIT.USAGE);
  return new CliFailure(failure instanceof Error ? failure.message : String(failure), EXIT.FAILED);
}
