import type { CatchupPolicy, JobDefinition, OverlapPolicy, StoredAction } from '../entities/job.js';
import { checkClientKey, checkDefinition, TYPED_NAMES } from './definition-rules.js';
import { rewriteDocument, type WriteOptions } from './document-write.js';
import type { Faults } from './faults.js';
import { readScheduleInput, type ScheduleInput } from './schedule-input.js';
import { hasNothingAhead, scheduleOf, storedSchedule } from './schedule-of.js';

type Maybe<T> = T | null | undefined;

/** One action as the API takes it; what is left out has its default. */
interface ActionInput {
  freezerAction: Record<string, unknown>;
  mandatory?: Maybe<boolean>;
  maxRetries?: Maybe<number>;
  maxRetriesInterval?: Maybe<number>;
  timeout?: Maybe<number>;
}

/** The parts of a definition as the API takes them. What is left out or null stays as it is, or has its default. */
export interface DefinitionInput {
  clientId?: Maybe<string>;
  description?: Maybe<string>;
  actions?: Maybe<readonly ActionInput[]>;
  actionDefaults?: Maybe<Record<string, unknown>>;
  schedule?: Maybe<ScheduleInput>;
  overlap?: Maybe<OverlapPolicy>;
  catchup?: Maybe<CatchupPolicy>;
  /** Seconds. */
  catchupWindow?: Maybe<number>;
  /** Seconds; null takes the watch away. */
  staleAfter?: Maybe<number>;
}

export interface DefinitionOptions extends WriteOptions {
  /** Epoch milliseconds. */
  now: number;
}

/** The definition of a job of which nothing is said. */
export function blankDefinition(options: WriteOptions): JobDefinition {
  return {
    description: '',
    clientKey: '',
    actions: [],
    actionDefaults: {},
    schedule: { kind: 'none', timezone: 'UTC' },
    overlap: 'SKIP',
    catchup: 'LATEST',
    catchupWindow: options.defaultCatchupWindow,
    staleAfter: null,
    document: null,
  };
}

const storedAction = (action: ActionInput): StoredAction => ({
  freezerAction: action.freezerAction,
  mandatory: action.mandatory ?? false,
  maxRetries: action.maxRetries ?? 0,
  maxRetriesInterval: action.maxRetriesInterval ?? 60,
  timeout: action.timeout ?? null,
});

/** The moment that the phase of an interval hangs on: an edit of an interval keeps it, a new one begins now. */
function anchorOf(before: JobDefinition, now: number): number {
  const schedule = scheduleOf(before);
  return schedule.kind === 'interval' && schedule.start === null ? schedule.anchor : now;
}

function readSchedule(
  faults: Faults,
  before: JobDefinition,
  input: ScheduleInput,
  now: number,
): Record<string, unknown> {
  const parsed = readScheduleInput(faults, ['schedule'], input, { createdAt: anchorOf(before, now) });
  if (!parsed) return before.schedule;
  if (hasNothingAhead(parsed.schedule, now)) faults.add(['schedule'], 'has no due time ahead; nothing would ever run.');
  return storedSchedule(parsed.schedule);
}

/**
 * A definition with the given parts changed. Pure; faults and warnings are gathered, and the answer is of use only
 * when there was no fault.
 */
export function changeDefinition(
  faults: Faults,
  before: JobDefinition,
  input: DefinitionInput,
  options: DefinitionOptions,
): JobDefinition {
  const after: JobDefinition = {
    description: input.description ?? before.description,
    clientKey: input.clientId ?? before.clientKey,
    actions: input.actions?.map(storedAction) ?? before.actions,
    actionDefaults: input.actionDefaults ?? before.actionDefaults,
    schedule: input.schedule ? readSchedule(faults, before, input.schedule, options.now) : before.schedule,
    overlap: input.overlap ?? before.overlap,
    catchup: input.catchup ?? before.catchup,
    catchupWindow: input.catchupWindow ?? before.catchupWindow,
    staleAfter: input.staleAfter === undefined ? before.staleAfter : input.staleAfter,
    document: before.document,
  };
  checkClientKey(faults, [TYPED_NAMES.clientKey], after.clientKey);
  checkDefinition(faults, TYPED_NAMES, after);
  return { ...after, document: rewriteDocument(before.document, before, after, options) };
}
