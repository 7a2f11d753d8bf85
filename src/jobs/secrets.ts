import type { Faults, Path } from './faults.js';

/** What is shown where a secret stands. */
const MASK = '********';

const REFERENCE = /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+)$/s;
const SECRET_KEY = /password|passwd|passphrase|secret|token|api[-_]?key|private[-_]?key/i;
/** Keys that say where a secret lies, or something about it, and not what it is. */
const NOT_SECRET = /(?:file|path|name|id|type|ttl|expiry)$/i;

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value stands for a secret: `{"secret": "env:NAME"}` or `{"secret": "file:/path"}`. */
function isSecretReference(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 1 && typeof value.secret === 'string';
}

/** Whether the value of a key is likely a secret itself. */
function looksSecret(key: string): boolean {
  return SECRET_KEY.test(key) && !NOT_SECRET.test(key);
}

/**
 * Checks the secrets in an action or in the defaults, at any depth: a reference must be one the agent can resolve, and
 * a secret written out is warned of.
 */
export function checkSecrets(faults: Faults, path: Path, value: unknown, key = ''): void {
  if (isSecretReference(value) && isObject(value)) {
    const reference = String(value.secret);
    if (!REFERENCE.test(reference)) {
      faults.add([...path, 'secret'], `"${reference}" is no secret: write env:NAME or file:/absolute/path.`);
    }
    return;
  }
  if (typeof value === 'string' && value !== '' && looksSecret(key)) {
    const place = path.join('.');
    faults.warn(`${place}: looks like a secret written out; write {"secret": "env:NAME"} or {"secret": "file:/path"}.`);
    return;
  }
  for (const [name, item] of childrenOf(value)) {
    checkSecrets(faults, [...path, name], item, typeof name === 'string' ? name : key);
  }
}

/** What is inside a list or an object, by index or key. */
function childrenOf(value: unknown): (readonly [string | number, unknown])[] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => [index, item] as const);
  return isObject(value) ? Object.entries(value) : [];
}

/** A value with the secrets written out in it masked; references stay, because they tell none. */
export function maskSecrets(value: unknown, key = ''): unknown {
  if (isSecretReference(value)) return value;
  if (Array.isArray(value)) return value.map((item) => maskSecrets(item, key));
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, maskSecrets(item, name)]));
  }
  const hidden = looksSecret(key) && value !== null && value !== '' && typeof value !== 'boolean';
  return hidden ? MASK : value;
}
