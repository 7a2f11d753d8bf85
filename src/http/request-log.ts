import { type DocumentNode, Kind, type SelectionSetNode } from 'graphql';
import type { Ctx } from '../auth/actor.js';
import { clip } from '../lib/clip.js';
import type { Clock } from '../lib/time.js';
import type { Logger } from '../telemetry/logger.js';
import type { Operation } from './plan.js';
import { RateLimiter } from './rate-limit.js';

/** A request as far as it is known: who calls is not, until the credentials were checked. */
export type KnownCall = Pick<Ctx, 'requestId'> & Partial<Pick<Ctx, 'actor' | 'origin'>>;

/** Why a request, or a field of it, has no answer. */
interface Told {
  code: string;
  /** The operation's name, as the caller chose it; null where it has none or is not known. */
  operation: string | null;
  /** Where in the answer, for the first error of this code. */
  path?: readonly (string | number)[] | undefined;
  /** How many errors of this code the answer has. */
  errors: number;
  /** What was thrown, where it is ours to mend. */
  error?: unknown;
}

/** Nothing else bounds what is refused without credentials: each caller may have as many lines a minute. */
const LINES_A_MINUTE = 600;
const LONGEST_NAME = 100;
/** What the server, not the caller, is to blame for. */
const OURS: ReadonlySet<string> = new Set(['UNAVAILABLE', 'TIMEOUT']);
/** What agents and reporters send without end: neither the activity nor, unless asked, the log tells of it. */
const REPORTS: ReadonlySet<string> = new Set([
  'runClaim',
  'runRenew',
  'runReport',
  'runOutputAppend',
  'transactionReport',
]);

/** The lines of the log about requests: ids, codes and names, never values. */
export class RequestLog {
  readonly #log: Logger;
  readonly #lines: RateLimiter;
  #leftOut = 0;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#lines = new RateLimiter(LINES_A_MINUTE, clock);
  }

  /** Tells of errors of one code in an answer; a caller who makes too many is told of less often, and counted. */
  refused(call: KnownCall, { operation, ...told }: Told): void {
    if (!this.#lines.spend(call.actor?.id ?? call.origin?.address ?? '', 1).allowed) {
      this.#leftOut += 1;
      return;
    }
    const leftOut = this.#leftOut > 0 ? { leftOut: this.#leftOut } : {};
    this.#leftOut = 0;
    const line = { ...who(call), operation: nameOf(operation), ...told, ...leftOut };
    if (OURS.has(told.code)) this.#log.warn(line, 'a request was not answered');
    else this.#log.info(line, 'a request was refused');
  }

  /** Tells of a mutation that was carried out; what its input did wrong is in its answer and in the activity. */
  mutated(call: KnownCall, operation: Pick<Operation, 'name' | 'document'>, ms: number): void {
    const fields = rootFields(operation.document);
    const line = { ...who(call), operation: nameOf(operation.name), fields, ms: Math.round(ms) };
    if (fields.every((field) => REPORTS.has(field))) this.#log.debug(line, 'a report was taken');
    else this.#log.info(line, 'a mutation was answered');
  }
}

const nameOf = (operation: string | null): string | undefined =>
  operation === null ? undefined : clip(operation, LONGEST_NAME);

const who = ({ requestId, actor, origin }: KnownCall) => ({
  requestId,
  actor: actor?.id,
  via: origin?.via,
  address: origin?.address ?? undefined,
});

/** The names of an operation's root fields, in their order. */
function rootFields({ definitions }: DocumentNode): string[] {
  const fields: string[] = [];
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) fields.push(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else {
        const { value } = selection.name;
        const found = definitions.find((node) => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === value);
        if (found && 'selectionSet' in found) collect(found.selectionSet);
      }
    }
  };
  for (const node of definitions) if (node.kind === Kind.OPERATION_DEFINITION) collect(node.selectionSet);
  return fields;
}
