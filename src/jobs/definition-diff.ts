import type { JobDefinition } from '../entities/job.js';
import { sameJson } from './same-json.js';
import { maskSecrets } from './secrets.js';

/** One place where two definitions differ; a value that is missing is null. Secrets written out are masked. */
export interface DefinitionChange {
  /** Outermost first: `['actions', '0', 'freezerAction', 'mode']`. */
  path: string[];
  kind: 'ADDED' | 'REMOVED' | 'CHANGED';
  before: unknown;
  after: unknown;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function keysOf(a: Json | readonly unknown[], b: Json | readonly unknown[]): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

const at = (value: Json | readonly unknown[], key: string): unknown =>
  Object.hasOwn(value, key) ? (value as Json)[key] : undefined;

function compare(path: string[], before: unknown, after: unknown, found: DefinitionChange[]): void {
  if (sameJson(before, after)) return;
  const deeper = (isObject(before) && isObject(after)) || (Array.isArray(before) && Array.isArray(after));
  if (deeper) {
    for (const key of keysOf(before, after)) compare([...path, key], at(before, key), at(after, key), found);
    return;
  }
  const kind = before === undefined ? 'ADDED' : after === undefined ? 'REMOVED' : 'CHANGED';
  const name = path.findLast((part) => !/^\d+$/.test(part)) ?? '';
  const shown = (value: unknown): unknown => (value === undefined ? null : maskSecrets(value, name));
  found.push({ path, kind, before: shown(before), after: shown(after) });
}

/** Where two definitions differ, place by place; the document is left out, as it says the same once more. */
export function diffDefinitions(before: JobDefinition, after: JobDefinition): DefinitionChange[] {
  const found: DefinitionChange[] = [];
  compare([], { ...before, document: null }, { ...after, document: null }, found);
  return found;
}
