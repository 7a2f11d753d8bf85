import {
  type ExecutionResult,
  execute,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
} from 'graphql';
import type { Ctx } from '../auth/actor.js';
import { ExpectedError } from '../lib/errors.js';
import type { Clock } from '../lib/time.js';
import type { Logger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';
import { inSpan, tracingIsOn } from '../telemetry/tracing.js';
import type { CompiledQuery } from './compile.js';
import { type Cancellation, Deadlines, OperationEnded } from './deadlines.js';
import { type FailureSink, requestError, showErrors } from './failure.js';
import { brokenText, hasBrokenText, isStackOverflow, tooDeep, valueTooDeep } from './limits.js';
import { type Operation, PlanCache, type PlanOptions, type Price } from './plan.js';
import { RateLimiter, type RateLimitState, type Spending } from './rate-limit.js';
import { type KnownCall, RequestLog } from './request-log.js';

/** What a request asks for, checked in form only. */
export interface CheckedParams {
  query: string;
  variables: Readonly<Record<string, unknown>>;
  /** Which of the document's operations; null where it has one. */
  operationName: string | null;
}

/** What a resolver's context is made of, besides the caller. */
export interface OperationCall {
  /** Aborts when the caller goes away or the operation's time is over. Made when it is first asked for. */
  readonly signal: AbortSignal;
  rateLimit: RateLimitState;
}

/** A class, because V8 makes a new hidden class, which lives long, for each object literal that has a getter. */
class CallUnderWay implements OperationCall {
  readonly rateLimit: RateLimitState;
  readonly #ending: { readonly signal: AbortSignal };

  constructor(rateLimit: RateLimitState, ending: { readonly signal: AbortSignal }) {
    this.rateLimit = rateLimit;
    this.#ending = ending;
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }
}

/** An answer, before it is known in which media type it goes out. */
export interface Reply {
  /** The HTTP status in `application/graphql-response+json`. */
  status: number;
  /** The HTTP status in `application/json`, where a document at fault is still a 200. */
  jsonStatus: number;
  body: FormattedExecutionResult;
  headers?: Readonly<Record<string, string>>;
  /** Writes the body as JSON; JSON.stringify where it is left out. */
  stringify?: (body: FormattedExecutionResult) => string;
}

/** The body of an answer as JSON. */
export const replyText = ({ body, stringify }: Reply): string => (stringify ? stringify(body) : JSON.stringify(body));

/** An operation that may be executed: let in, paid for. */
export interface Admitted {
  operation: Operation;
  variables: Readonly<Record<string, unknown>>;
  rateLimit: RateLimitState;
}

export interface PipelineOptions extends PlanOptions {
  /** The most that one operation may cost. */
  maxComplexity: number;
  /** Cost that one actor may spend a minute; 0 = no limit. */
  rateLimit: number;
  operationTimeoutMs: number;
}

export interface PipelineParts {
  schema: GraphQLSchema;
  createContext: (ctx: Ctx, call: OperationCall) => object;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** Whether something thrown says that a store cannot be reached at the moment. */
  isUnavailable: (error: unknown) => boolean;
  options: PipelineOptions;
}

/** What a request costs that is not let in: enough that nobody sends them without end. */
const COST_OF_REFUSAL = 10;
/** So many characters of a document that is not let in cost 1 more. */
const CHARACTERS_LOOKED_AT = 100;

const costOfLooking = (query: string): number => COST_OF_REFUSAL + Math.floor(query.length / CHARACTERS_LOOKED_AT);

/** The one way of an operation from its text to its answer, whatever way it came in. */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #plans: PlanCache;
  readonly #limiter: RateLimiter;
  readonly #deadlines: Deadlines;
  readonly #failures: FailureSink;
  readonly #tracing = tracingIsOn();
  readonly #observe: (seconds: number, ...values: string[]) => void;

  constructor(parts: PipelineParts) {
    const { schema, options, clock, metrics, log, isUnavailable } = parts;
    this.#parts = parts;
    const requests = new RequestLog(log, clock);
    this.#failures = { log, requests, isUnavailable, suggestions: options.introspection };
    this.#plans = new PlanCache(schema, options);
    this.#limiter = new RateLimiter(options.rateLimit, clock);
    this.#deadlines = new Deadlines(options.operationTimeoutMs, clock);
    const help = 'How long operations take, from their text to their answer.';
    this.#observe = metrics.duration('orrery_operation_duration_seconds', help, ['kind', 'outcome']);
    metrics.gauge('orrery_operations_running', 'Operations under way.', () => this.#deadlines.running);
  }

  /** Lets an operation in: parses, validates, holds it against the limits, takes its cost. Or the answer why not. */
  admit(ctx: Ctx, params: CheckedParams): Admitted | Reply {
    const { query, variables, operationName } = params;
    let plan = this.#plans.find(query);
    let looked = 0;
    if (!plan) {
      looked = costOfLooking(query);
      // Before it is parsed: who cannot pay for a document at fault does not make us look at it.
      if (this.#limiter.left(ctx.actor.id) < looked) return this.#exhausted(ctx, looked, 0, operationName);
      const made = this.#plans.make(query);
      if ('errors' in made) return this.reject(ctx, made.errors, 400, 200, operationName, looked);
      plan = made.plan;
    }
    const operation = chooseOperation(plan.operations, operationName);
    if (operation instanceof GraphQLError) return this.reject(ctx, [operation], 400, 400, operationName);
    if (valueTooDeep(variables)) return this.reject(ctx, [tooDeep()], 400, 400, operation.name);
    if (hasBrokenText(variables, operation.takesNul)) return this.reject(ctx, [brokenText()], 400, 400, operation.name);
    return this.#price(ctx, operation, variables, looked);
  }

  #price(ctx: Ctx, operation: Operation, variables: Admitted['variables'], looked: number): Admitted | Reply {
    let price: Price;
    try {
      const budget = operation.introspects ? this.#limiter.left(ctx.actor.id) : 0;
      price = operation.price(variables, budget);
    } catch (error) {
      const charged = this.charge(ctx, COST_OF_REFUSAL, operation.name);
      return isReply(charged) ? charged : this.fault(ctx, error, operation.name);
    }
    const { fields, introspection } = price;
    if (introspection === null) {
      const most = this.#plans.mostIntrospection;
      return this.#exhausted(ctx, fields + most, looked + most, operation.name);
    }
    const tooMuch = this.#overPrice(fields, introspection);
    if (tooMuch) return this.reject(ctx, [tooMuch], 400, 200, operation.name, COST_OF_REFUSAL + introspection);
    const charged = this.charge(ctx, fields + introspection, operation.name, looked + introspection);
    return isReply(charged) ? charged : { operation, variables, rateLimit: charged };
  }

  #overPrice(fields: number, introspection: number): GraphQLError | null {
    const { maxComplexity } = this.#parts.options;
    if (fields > maxComplexity) {
      const message = `The operation costs ${fields}; ${maxComplexity} is the most. Ask for smaller pages or fewer fields.`;
      return requestError('LIMIT_EXCEEDED', message);
    }
    if (introspection === 0 || introspection <= this.#plans.mostIntrospection) return null;
    return requestError('LIMIT_EXCEEDED', 'The operation reads more of the schema than all of it once.');
  }

  /** Takes a cost from what the caller may spend. Or the answer why it may not; `looked`: what was done to find it out. */
  charge(ctx: Ctx, cost: number, operation: string | null = null, looked = 0): RateLimitState | Reply {
    const spent = this.#limiter.spend(ctx.actor.id, cost, looked);
    return spent.allowed ? spent.state : this.#spent(ctx, spent, operation);
  }

  #exhausted(ctx: Ctx, cost: number, looked: number, operation: string | null): Reply {
    return this.#spent(ctx, this.#limiter.refuse(ctx.actor.id, cost, looked), operation);
  }

  #spent(ctx: KnownCall, { state, retryAfterMs }: Spending, operation: string | null): Reply {
    const { limit, cost, resetAt } = state;
    const retryAfterSeconds = Math.ceil(retryAfterMs / 1_000);
    const message = `The rate limit is used up (${limit} a minute, this costs ${cost}): try again in ${retryAfterSeconds} s.`;
    const rateLimit = { ...state, resetAt: resetAt === null ? null : new Date(resetAt).toISOString() };
    const extensions = { code: 'RATE_LIMITED', retryAfterSeconds, rateLimit };
    const reply = this.refuse(ctx, [new GraphQLError(message, { extensions })], 429, 429, operation);
    return { ...reply, headers: { 'retry-after': String(retryAfterSeconds) } };
  }

  /** Refuses what somebody asked for, who pays for it where they are known: or is told that nothing is left to pay with. */
  reject(
    ctx: KnownCall,
    errors: readonly GraphQLError[],
    status: number,
    jsonStatus: number,
    operation: string | null = null,
    cost = COST_OF_REFUSAL,
  ): Reply {
    const spent = ctx.actor && this.#limiter.spend(ctx.actor.id, cost, cost);
    if (spent && !spent.allowed) return this.#spent(ctx, spent, operation);
    return this.refuse(ctx, errors, status, jsonStatus, operation);
  }

  /**
   * Executes a query or a mutation. Ends when the controller aborts or its time is over; never throws. `form` 'text':
   * the caller wants nothing of the answer but `replyText`.
   */
  execute(
    ctx: Ctx,
    admitted: Admitted,
    controller: Cancellation,
    form: 'objects' | 'text' = 'objects',
  ): Reply | Promise<Reply> {
    const startedAt = performance.now();
    let compiled: CompiledQuery | null;
    let result: ExecutionResult | Promise<ExecutionResult>;
    try {
      compiled = form === 'text' ? admitted.operation.compiledTexts() : admitted.operation.compiled();
      result = this.#start(ctx, admitted, controller, compiled);
    } catch (error) {
      return this.#failed(ctx, admitted, error, startedAt);
    }
    if (!isPromise(result)) return this.#done(ctx, admitted, compiled, result, startedAt);
    return this.#deadlines.race(result, controller).then(
      (found) => this.#done(ctx, admitted, compiled, found, startedAt),
      (error) => this.#failed(ctx, admitted, error, startedAt),
    );
  }

  /** The context of one operation for its resolvers. */
  contextOf(ctx: Ctx, { rateLimit }: Admitted, ending: { readonly signal: AbortSignal }): object {
    return this.#parts.createContext(ctx, new CallUnderWay(rateLimit, ending));
  }

  #start(
    ctx: Ctx,
    admitted: Admitted,
    controller: Cancellation,
    compiled: CompiledQuery | null,
  ): ExecutionResult | Promise<ExecutionResult> {
    const { operation, variables } = admitted;
    const run = (): ExecutionResult | Promise<ExecutionResult> => {
      const contextValue = this.contextOf(ctx, admitted, controller);
      if (compiled) return compiled.run(contextValue, variables);
      const { schema } = this.#parts;
      return execute({ schema, document: operation.document, contextValue, variableValues: variables });
    };
    if (!this.#tracing) return run();
    const attributes = { 'graphql.operation.type': operation.kind, 'graphql.operation.name': operation.name ?? '' };
    return inSpan('graphql.execute', attributes, async () => run());
  }

  /** A result as it may leave the server. `operation`: its name. */
  show(ctx: Ctx, { data, errors }: ExecutionResult, operation: string | null): Reply {
    if (!errors) return { status: 200, jsonStatus: 200, body: { data: data ?? null } };
    const shown = showErrors(errors, ctx, operation, this.#failures);
    // Without data nothing was executed: a variable is not of its type.
    if (data === undefined) return { status: 400, jsonStatus: 200, body: { errors: shown } };
    return { status: 200, jsonStatus: 200, body: { data, errors: shown } };
  }

  /** What is said of something thrown outside a resolver. */
  fault(ctx: KnownCall, error: unknown, operation: string | null = null): Reply {
    if (error instanceof OperationEnded) {
      const status = error.code === 'TIMEOUT' ? 504 : 503;
      return this.refuse(ctx, [requestError(error.code, error.message)], status, status, operation);
    }
    if (isStackOverflow(error)) return this.refuse(ctx, [tooDeep()], 400, 200, operation);
    if (error instanceof GraphQLError) return this.refuse(ctx, [error], 400, 200, operation);
    const originalError = error instanceof Error ? error : new Error(String(error));
    const status = this.#parts.isUnavailable(originalError) ? 503 : originalError instanceof ExpectedError ? 400 : 500;
    return this.refuse(ctx, [new GraphQLError(originalError.message, { originalError })], status, status, operation);
  }

  #done(
    ctx: Ctx,
    admitted: Admitted,
    compiled: CompiledQuery | null,
    result: ExecutionResult,
    startedAt: number,
  ): Reply {
    const outcome = result.errors ? 'errors' : 'ok';
    const { operation } = admitted;
    const ms = performance.now() - startedAt;
    this.#observe(ms / 1_000, operation.kind, outcome);
    // Without data nothing was executed.
    const mutated = operation.kind === OperationTypeNode.MUTATION && result.data !== undefined;
    if (mutated) this.#failures.requests.mutated(ctx, operation, ms);
    const reply = this.show(ctx, result, operation.name);
    if (compiled?.stringify) reply.stringify = compiled.stringify;
    return reply;
  }

  #failed(ctx: Ctx, admitted: Admitted, error: unknown, startedAt: number): Reply {
    const outcome = error instanceof OperationEnded ? error.code.toLowerCase() : 'fault';
    this.#observe((performance.now() - startedAt) / 1_000, admitted.operation.kind, outcome);
    return this.fault(ctx, error, admitted.operation.name);
  }

  /** An answer without data; the log tells of it. `operation`: its name, where it has one and it is known. */
  refuse(
    ctx: KnownCall,
    errors: readonly GraphQLError[],
    status: number,
    jsonStatus: number,
    operation: string | null = null,
  ): Reply {
    return { status, jsonStatus, body: { errors: showErrors(errors, ctx, operation, this.#failures) } };
  }

  /** Has the log tell of a request that was refused in another form than GraphQL's. */
  told(ctx: KnownCall, code: string): void {
    this.#failures.requests.refused(ctx, { code, operation: null, errors: 1 });
  }

  /** Cancels what is under way: the server stops. */
  cancelAll(): void {
    this.#deadlines.cancelAll();
  }
}

const isPromise = <T>(value: T | Promise<T>): value is Promise<T> => value instanceof Promise;

function chooseOperation(
  operations: ReadonlyMap<string | null, Operation>,
  name: string | null,
): Operation | GraphQLError {
  const [first, second] = operations.values();
  if (!first) return requestError('BAD_REQUEST', 'The document has no operation.');
  if (name === null) {
    return second ? requestError('BAD_REQUEST', 'The document has more than one operation: name one.') : first;
  }
  return operations.get(name) ?? requestError('BAD_REQUEST', `The document has no operation "${name.slice(0, 100)}".`);
}

/** Whether an answer came instead of what was asked for. */
export const isReply = (value: object): value is Reply => 'body' in value;

/** Refuses what cannot be answered over plain HTTP: a subscription, and a mutation where only reading is allowed. */
export function refusalOfKind(
  kind: OperationTypeNode,
  readOnly: boolean,
): { error: GraphQLError; status: number } | null {
  if (kind === OperationTypeNode.SUBSCRIPTION) {
    const message = 'A subscription needs a WebSocket (graphql-transport-ws), or "Accept: text/event-stream".';
    return { error: requestError('BAD_REQUEST', message), status: 406 };
  }
  if (kind === OperationTypeNode.MUTATION && readOnly) {
    return { error: requestError('BAD_REQUEST', 'A mutation needs POST.'), status: 405 };
  }
  return null;
}
