import { readFile } from 'node:fs/promises';
import { InvalidInputError } from '../lib/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../lib/json.js';

/** What stands in the output where a secret stood. */
export const MASK = '********';

/** A single line of a secret of several lines is masked by itself from this length on. */
const SHORTEST_LINE = 8;

/** Where secrets come from. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a text file; node's own by default. */
  readonly read?: (path: string) => Promise<string>;
}

/** An action whose secrets are in place, and what must never be shown. */
export interface ResolvedSecrets {
  readonly action: JsonObject;
  readonly values: readonly string[];
}

/** The reference in `{"secret": "env:NAME"}`; null for anything else. */
function secretReference(value: JsonValue): string | null {
  if (!isJsonObject(value) || Object.keys(value).length !== 1) return null;
  return typeof value.secret === 'string' ? value.secret : null;
}

function fault(path: readonly (string | number)[], message: string): InvalidInputError {
  return new InvalidInputError([{ path, message }]);
}

/** The agent's own settings are no business of a job. */
const OWN_VARIABLES = /^ORRERY_/;

async function lookUp(reference: string, sources: SecretSources, path: readonly (string | number)[]): Promise<string> {
  const colon = reference.indexOf(':');
  const [kind, name] = [reference.slice(0, colon), reference.slice(colon + 1)];
  if (kind === 'env') {
    if (OWN_VARIABLES.test(name)) throw fault(path, `The secret "${reference}" is the agent's own and not for jobs.`);
    const value = sources.env[name];
    if (value === undefined) throw fault(path, `The agent's environment has no variable "${name}" for a secret.`);
    return value;
  }
  if (kind === 'file' && name.startsWith('/')) {
    try {
      const text = await (sources.read ?? ((file) => readFile(file, 'utf8')))(name);
      return text.replace(/\r?\n$/, '');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
      throw fault(path, `The agent cannot read the secret file ${name}${code}.`);
    }
  }
  throw fault(path, `The secret "${reference}" must be env:NAME or file:/absolute/path.`);
}

/**
 * Puts secrets in place of their references, at any depth of an action. A file's last line end is not part of it.
 * @throws InvalidInputError that names the reference, never a value.
 */
export async function resolveSecrets(action: JsonObject, sources: SecretSources): Promise<ResolvedSecrets> {
  const values: string[] = [];
  const walk = async (value: JsonValue, path: readonly (string | number)[]): Promise<JsonValue> => {
    const reference = secretReference(value);
    if (reference !== null) {
      const secret = await lookUp(reference, sources, path);
      values.push(secret);
      return secret;
    }
    if (Array.isArray(value)) return Promise.all(value.map((item, index) => walk(item, [...path, index])));
    if (isJsonObject(value)) return walkObject(value, path);
    return value;
  };
  const walkObject = async (object: JsonObject, path: readonly (string | number)[]): Promise<JsonObject> => {
    const entries = Object.entries(object).map(async ([key, item]) => [key, await walk(item, [...path, key])] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  return { action: await walkObject(action, []), values };
}

/** Masks a stream of text that comes in pieces. */
interface MaskedStream {
  /** As much of the masked text as is certain: what may be the beginning of a secret is held back. */
  push(text: string): string;
  /** What was held back. */
  end(): string;
}

/** Hides secrets. */
export interface Masker {
  /** Hides them in a whole text. */
  mask(text: string): string;
  /** Hides them in a text that comes in pieces, wherever it is cut. */
  stream(): MaskedStream;
}

/** What to look for: the secrets, their trimmed forms, and the longer lines of those of several lines. Longest first. */
function needlesOf(values: readonly string[]): string[] {
  const lines = values.flatMap((value) => (value.includes('\n') ? value.split(/\r?\n/) : []));
  const needles = [
    ...values,
    ...values.map((value) => value.trim()),
    ...lines.filter((line) => line.length >= SHORTEST_LINE),
  ];
  return [...new Set(needles)].filter((needle) => needle !== '').sort((a, b) => b.length - a.length);
}

/** The index from which the rest of `text` may be the beginning of a needle that is not complete yet. */
function uncertainFrom(text: string, needles: readonly string[]): number {
  let from = text.length;
  for (const needle of needles) {
    const first = needle.charAt(0);
    let at = text.indexOf(first, Math.max(0, text.length - needle.length + 1));
    for (; at !== -1 && at < from; at = text.indexOf(first, at + 1)) {
      if (needle.startsWith(text.slice(at))) from = at;
    }
  }
  return from;
}

/** Makes the masker of these secret values; empty ones hide nothing. */
export function createMasker(values: readonly string[]): Masker {
  const needles = needlesOf(values);
  const escaped = needles.map((needle) => needle.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = needles.length > 0 ? new RegExp(escaped.join('|'), 'g') : null;
  const mask = (text: string) => (pattern ? text.replace(pattern, MASK) : text);

  /** Masks what lies before `end`; a match that reaches beyond it stays for later. */
  const take = (text: string, end: number): { shown: string; rest: string } => {
    let shown = '';
    let at = 0;
    for (const match of pattern ? text.matchAll(pattern) : []) {
      if (match.index >= end) break;
      shown += text.slice(at, match.index) + MASK;
      at = match.index + match[0].length;
    }
    const stop = Math.max(at, end);
    return { shown: shown + text.slice(at, stop), rest: text.slice(stop) };
  };

  return {
    mask,
    stream() {
      let held = '';
      return {
        push(text) {
          if (!pattern) return text;
          const all = held + text;
          const { shown, rest } = take(all, uncertainFrom(all, needles));
          held = rest;
          return shown;
        },
        end() {
          const shown = mask(held);
          held = '';
          return shown;
        },
      };
    },
  };
}
