import type { StoredAction } from '../entities/job.js';

type Keys = Readonly<Record<string, unknown>>;

/**
 * A `freezer_action` with the job's `action_defaults` merged in: shallow, by top-level key. The action's own value
 * wins unless it is missing or null; `false`, `0`, `""`, lists and objects win whole. Resolving again changes nothing.
 */
export function effectiveAction(defaults: Keys, action: Keys): Record<string, unknown> {
  const missing = Object.entries(defaults).filter(([key]) => !Object.hasOwn(action, key));
  const own = Object.entries(action).map(([key, value]) => {
    const inherited = value === null && Object.hasOwn(defaults, key) ? defaults[key] : value;
    return [key, inherited] as const;
  });
  return Object.fromEntries([...own, ...missing]);
}

/** The actions of one run with values that replace those of every action, for this run only. */
export function withOverrides(actions: readonly StoredAction[], overrides: Keys | null | undefined): StoredAction[] {
  return actions.map((action) => ({ ...action, freezerAction: { ...action.freezerAction, ...overrides } }));
}
