import { type InputIssue, InvalidInputError } from '../../lib/errors.js';
import type { Tag } from '../kinds.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;
const MOST_LABELS = 32;
const LONGEST_VALUE = 255;

function faultOf(name: string, value: unknown): string | null {
  if (!NAME.test(name))
    return 'A label is named by up to 63 letters, digits and . _ / - and begins with one of the first.';
  if (typeof value !== 'string') return `The value of "${name}" is a text.`;
  if (value.length < 1 || value.length > LONGEST_VALUE) return `A value has 1 to ${LONGEST_VALUE} characters.`;
  return null;
}

/** A tag as it came in. Throws InvalidInputError where it is none; `path` is where it stands in the input. */
export function checkTag(given: Readonly<Record<string, unknown>>, path: readonly string[]): Tag {
  const entries = Object.entries(given);
  const issues: InputIssue[] = entries.flatMap(([name, value]) => {
    const message = faultOf(name, value);
    return message === null ? [] : [{ path: [...path, name], message }];
  });
  if (entries.length > MOST_LABELS) issues.push({ path, message: `A tag has at most ${MOST_LABELS} labels.` });
  if (issues.length > 0) throw new InvalidInputError(issues);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

/** A tag for people: `host=ctl-2, zone=eu`; `any` for the empty one. */
export function tagText(tag: Tag): string {
  const labels = Object.entries(tag).map(([name, value]) => `${name}=${value}`);
  return labels.length === 0 ? 'any' : labels.sort().join(', ');
}
