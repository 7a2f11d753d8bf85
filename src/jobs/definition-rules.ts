import type { JobDefinition, StoredAction } from '../entities/job.js';
import { effectiveAction } from './effective-action.js';
import type { Faults, Path } from './faults.js';
import { checkSecrets } from './secrets.js';

/** What an action can be. */
const ACTION_KINDS = ['backup', 'restore', 'info', 'admin', 'exec'] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

const DAY_SECONDS = 86_400;

/** The bounds of the numbers in a definition; all but `maxRetries` are seconds. */
const BOUNDS = {
  maxRetries: { min: 0, max: 100 },
  maxRetriesInterval: { min: 0, max: 30 * DAY_SECONDS },
  timeout: { min: 1, max: 365 * DAY_SECONDS },
  catchupWindow: { min: 0, max: 31 * DAY_SECONDS },
  staleAfter: { min: 1, max: 3_650 * DAY_SECONDS },
} as const;

const MOST_ACTIONS = 500;
/** MariaDB takes JSON nested 31 deep, and what an action says stands a few levels deep in what is kept of a job. */
const DEEPEST = 24;

/** How an input calls the parts of a definition, for the paths of its faults. */
export interface DefinitionNames {
  clientKey: string;
  actions: string;
  freezerAction: string;
  maxRetries: string;
  maxRetriesInterval: string;
  actionDefaults: string;
  /** Where `overlap`, `catchup`, `catchupWindow` and `staleAfter` stand. */
  settings: Path;
  catchupWindow: string;
  staleAfter: string;
}

export const TYPED_NAMES: DefinitionNames = {
  clientKey: 'clientId',
  actions: 'actions',
  freezerAction: 'freezerAction',
  maxRetries: 'maxRetries',
  maxRetriesInterval: 'maxRetriesInterval',
  actionDefaults: 'actionDefaults',
  settings: [],
  catchupWindow: 'catchupWindow',
  staleAfter: 'staleAfter',
};

const KEY = /^[\w-]{1,64}$/;
const CLIENT = /^[\w.-]{1,255}$/;

export function checkKey(faults: Faults, path: Path, key: string): void {
  if (!KEY.test(key)) faults.add(path, 'must be 1 to 64 letters, digits, "_" or "-".');
}

export function checkClientKey(faults: Faults, path: Path, key: string): void {
  if (!CLIENT.test(key)) faults.add(path, 'must be 1 to 255 letters, digits, ".", "_" or "-".');
}

type Policies = Pick<JobDefinition, 'catchup' | 'overlap'>;

function checkNumber(faults: Faults, path: Path, value: number, bounds: { min: number; max: number }): void {
  if (Number.isInteger(value) && value >= bounds.min && value <= bounds.max) return;
  faults.add(path, `must be a whole number from ${bounds.min} to ${bounds.max}, not ${value}.`);
}

/** Half of a surrogate pair is no character: no store keeps it. */
function isText(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Checks that JSON can be stored and shown: no half characters, not nested beyond reason. */
function checkJson(faults: Faults, path: Path, value: unknown, depth = 0): void {
  if (depth > DEEPEST) {
    faults.add(path, `is nested deeper than ${DEEPEST} levels.`);
  } else if (typeof value === 'string') {
    if (!isText(value)) faults.add(path, 'has half of a surrogate pair, which is no character.');
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkJson(faults, [...path, index], item, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (!isText(key)) faults.add(path, 'has a key with half of a surrogate pair, which is no character.');
      checkJson(faults, [...path, key], item, depth + 1);
    }
  }
}

function checkAction(faults: Faults, names: DefinitionNames, path: Path, action: StoredAction, defaults: object): void {
  const at = [...path, names.freezerAction];
  checkJson(faults, at, action.freezerAction);
  checkSecrets(faults, at, action.freezerAction);
  const kind = effectiveAction({ ...defaults }, action.freezerAction).action;
  if (!(ACTION_KINDS as readonly unknown[]).includes(kind)) {
    const said = kind === undefined ? 'is missing' : `cannot be ${JSON.stringify(kind)}`;
    faults.add([...at, 'action'], `${said}; it is one of ${ACTION_KINDS.join(', ')}.`);
  }
  checkNumber(faults, [...path, names.maxRetries], action.maxRetries, BOUNDS.maxRetries);
  checkNumber(faults, [...path, names.maxRetriesInterval], action.maxRetriesInterval, BOUNDS.maxRetriesInterval);
  if (action.timeout !== null) checkNumber(faults, [...path, 'timeout'], action.timeout, BOUNDS.timeout);
}

/**
 * Checks the values that are to replace those of every action in one run. What the actions do stays: an override of
 * `action` is a fault unless it says what they all do already.
 */
export function checkOverrides(
  faults: Faults,
  overrides: Readonly<Record<string, unknown>>,
  definition: Pick<JobDefinition, 'actions' | 'actionDefaults'>,
): void {
  checkJson(faults, ['overrides'], overrides);
  checkSecrets(faults, ['overrides'], overrides);
  if (!Object.hasOwn(overrides, 'action')) return;
  const kinds = actionKinds(definition);
  if (kinds.every((kind) => kind === overrides.action)) return;
  const does = `the job does ${kinds.join(', ')}`;
  faults.add(['overrides', 'action'], `cannot be changed for one run: ${does}. Make another job, or update this one.`);
}

/** A run for each missed instant needs room for them all at once: with the other policies most of them get none. */
function warnOfCatchup(faults: Faults, path: Path, { catchup, overlap }: Policies): void {
  if (catchup !== 'ALL' || overlap === 'ALLOW_ALL') return;
  const few = {
    SKIP: 'only the first gets a run',
    BUFFER_ONE: 'two get a run',
    CANCEL_OTHER: 'only the last gets a run',
  };
  const place = [...path, 'catchup'].join('.');
  faults.warn(
    `${place}: ALL runs every missed due time with overlap ALLOW_ALL only; with ${overlap}, ${few[overlap]}.`,
  );
}

/** The rules of a definition that hold wherever it comes from; the schedule has been checked by the code that reads it. */
export function checkDefinition(
  faults: Faults,
  names: DefinitionNames,
  definition: Omit<JobDefinition, 'schedule' | 'document' | 'clientKey'>,
): void {
  const { description, actions, actionDefaults, catchupWindow, staleAfter } = definition;
  if (description.length > 255) {
    faults.add(['description'], `has ${description.length} characters; at most 255 are kept.`);
  }
  if (!isText(description)) faults.add(['description'], 'has half of a surrogate pair, which is no character.');
  if (actions.length > MOST_ACTIONS) {
    faults.add([names.actions], `has ${actions.length} actions; a job has at most ${MOST_ACTIONS}.`);
  }
  checkJson(faults, [names.actionDefaults], actionDefaults);
  checkSecrets(faults, [names.actionDefaults], actionDefaults);
  actions.forEach((action, index) => {
    checkAction(faults, names, [names.actions, index], action, actionDefaults);
  });
  checkNumber(faults, [...names.settings, names.catchupWindow], catchupWindow, BOUNDS.catchupWindow);
  warnOfCatchup(faults, names.settings, definition);
  if (staleAfter !== null) checkNumber(faults, [...names.settings, names.staleAfter], staleAfter, BOUNDS.staleAfter);
}

/** The kinds of action a job has, each once: for the list's filter. */
export function actionKinds(definition: Pick<JobDefinition, 'actions' | 'actionDefaults'>): string[] {
  const kinds = definition.actions.map(
    (action) => effectiveAction(definition.actionDefaults, action.freezerAction).action,
  );
  return [...new Set(kinds.filter((kind) => typeof kind === 'string'))];
}
