import {
  ConflictError,
  type ErrorCode,
  type ExpectedError,
  ForbiddenError,
  type InputIssue,
  InvalidInputError,
  NotFoundError,
  StateError,
} from '../lib/errors.js';
import { builder } from './builder.js';

const CODES: Record<ErrorCode, string> = {
  INVALID_INPUT: 'The input breaks a rule; `issues` names each fault.',
  NOT_FOUND: 'Nothing that the caller may see has this id or key.',
  CONFLICT: 'The object changed meanwhile, or the key is taken.',
  FORBIDDEN: 'The caller may not do this to this object.',
  UNAUTHENTICATED: 'No valid token or session came with the request.',
  JOB_REMOVED: 'The job was removed.',
  SCHEDULE_EXHAUSTED: 'The schedule has no due time ahead.',
  LEASE_LOST: 'The lease is no longer held by the caller.',
  HISTORY_DISABLED: 'The history of clusters older than release 9.0 is not kept.',
  NOT_A_DEPLOYMENT: 'What executes a run or a plan reports of it, nobody else.',
  CLUSTER_REMOVED: 'The cluster was removed.',
  TRANSACTION_OPEN: 'The transaction has not ended.',
  SERVICE_RUNNING: 'The service runs, or may still run.',
  SERVICE_NOT_RUNNING: 'The service has stopped or failed.',
  RESYNC_REQUIRED: 'The cursor is older than what is kept: read the state again.',
  SLOW_CONSUMER: 'The reader did not keep up: resume from the last cursor.',
  RATE_LIMITED: 'The rate limit is used up.',
  UNAVAILABLE: 'A store cannot be reached at the moment.',
};

/** Every code of an expected failure. */
export const ERROR_CODES: readonly string[] = Object.keys(CODES);

const ErrorCodeEnum = builder.enumType('ErrorCode', {
  description: 'What kind of failure it is.',
  values: Object.fromEntries(Object.entries(CODES).map(([code, description]) => [code, { description }])) as Record<
    ErrorCode,
    { description: string }
  >,
});

const UserError = builder.interfaceRef<ExpectedError>('UserError').implement({
  description: 'A failure that the caller caused and can mend.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What is wrong, and what would be right.' }),
    code: t.field({ type: ErrorCodeEnum, description: 'What kind of failure it is.', resolve: (error) => error.code }),
    path: t.field({
      type: ['String'],
      description: 'Where in the input the fault lies, outermost first; empty when it is no single place.',
      resolve: (error) => error.inputPath.map(String),
    }),
  }),
});

export const InputIssueType = builder.objectRef<InputIssue>('InputIssue').implement({
  description: 'One fault of an input.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What is wrong, and what would be right.' }),
    path: t.field({
      type: ['String'],
      description: 'Where in the input the fault lies, outermost first.',
      resolve: (issue) => issue.path.map(String),
    }),
  }),
});

builder.objectType(InvalidInputError, {
  name: 'InvalidInputError',
  description: 'The input breaks one or more rules; nothing was written.',
  interfaces: [UserError],
  fields: (t) => ({
    issues: t.field({
      type: [InputIssueType],
      description: 'Every fault found.',
      resolve: (error) => [...error.issues],
    }),
  }),
});

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: 'Nothing that the caller may see has this id or key.',
  interfaces: [UserError],
  fields: (t) => ({ id: t.exposeString('id', { description: 'The id or key that was asked for.' }) }),
});

builder.objectType(ConflictError, {
  name: 'ConflictError',
  description: 'The object changed meanwhile, or the key is taken; nothing was written.',
  interfaces: [UserError],
});

builder.objectType(ForbiddenError, {
  name: 'ForbiddenError',
  description: 'The caller may not do this to this object; nothing was written.',
  interfaces: [UserError],
});

builder.objectType(StateError, {
  name: 'StateError',
  description: 'The state of the object does not allow the command; `code` says which state.',
  interfaces: [UserError],
});

/** The errors that any mutation may answer with. */
export const MUTATION_ERRORS = [InvalidInputError, NotFoundError, ConflictError, ForbiddenError, StateError];
