import { parseDocument } from 'yaml';
import { nearest } from '../lib/nearest.js';
import { ALL_SETTINGS, fileKeyOf, flagOf, variableOf } from './settings.js';

/** One fault of the configuration. */
export interface ConfigFault {
  /** What is at fault, as it was written: a variable, a flag, or a key of the file. */
  name: string;
  message: string;
}

/** What one source says of one setting. */
export interface Given {
  /** For people: `ORRERY_PORT`, `--port`, or `port in orrery.yaml`. */
  source: string;
  text: string;
}

/** The configuration file as it was read. */
export interface ConfigFile {
  path: string;
  text: string;
}

/** Variables that are not settings of the server. */
const OTHERS: ReadonlySet<string> = new Set([
  'ORRERY_CONFIG',
  'ORRERY_URL',
  'ORRERY_TOKEN',
  'ORRERY_TOKEN_FILE',
  'ORRERY_RUN_ID',
]);
const OTHER_PREFIXES = ['ORRERY_TEST_', 'ORRERY_AGENT_', 'ORRERY_BENCH_'];

const didYouMean = (word: string, words: Iterable<string>): string => {
  const near = nearest(word, words);
  return near === null ? '' : ` Did you mean ${near}?`;
};

const keysBy = (nameOf: (key: string) => string): ReadonlyMap<string, string> =>
  new Map([...ALL_SETTINGS.keys()].map((key) => [nameOf(key), key]));

const BY_VARIABLE = keysBy(variableOf);
const BY_FLAG = keysBy(flagOf);
const BY_FILE_KEY = keysBy(fileKeyOf);

/** What the environment says. An empty variable says nothing. */
export function fromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  faults: ConfigFault[],
): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('ORRERY_') || OTHERS.has(name) || OTHER_PREFIXES.some((start) => name.startsWith(start)))
      continue;
    const key = BY_VARIABLE.get(name);
    if (key === undefined) {
      faults.push({ name, message: `There is no such setting.${didYouMean(name, BY_VARIABLE.keys())}` });
    } else if (text !== undefined && text !== '') given.set(key, { source: name, text });
  }
  return given;
}

/** What the command line says: flags by name, with or without their dashes. */
export function fromFlags(flags: Readonly<Record<string, string>>, faults: ConfigFault[]): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [name, text] of Object.entries(flags)) {
    const flag = name.startsWith('--') ? name : flagOf(name);
    const key = BY_FLAG.get(flag);
    if (key === undefined)
      faults.push({ name: flag, message: `There is no such flag.${didYouMean(flag, BY_FLAG.keys())}` });
    else given.set(key, { source: flag, text });
  }
  return given;
}

/** A value of the file as the text of a setting; what has parts is written as a list or, where `named`, by names. */
function asText(value: unknown, named = false): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null || !(named || Array.isArray(value))) return null;
  const items = Array.isArray(value)
    ? value.map((item) => asText(item))
    : Object.entries(value).map(([name, item]) => (typeof item === 'object' ? null : `${name}=${asText(item)}`));
  return items.includes(null) ? null : items.join(',');
}

/** The content of a YAML file; null, with its fault, when it cannot be read. */
function readYaml(file: ConfigFile, faults: ConfigFault[]): unknown {
  try {
    const document = parseDocument(file.text);
    const [broken] = document.errors;
    if (broken) throw broken;
    return document.toJS();
  } catch (error) {
    // An alias of nothing, or too many aliases, is found only when the values are made.
    const why = error instanceof Error ? error.message.split('\n', 1)[0] : 'broken';
    faults.push({ name: file.path, message: `Not YAML: ${why}` });
    return null;
  }
}

/** What the configuration file (YAML) says: one key for each setting. */
export function fromFile(file: ConfigFile | null, faults: ConfigFault[]): Map<string, Given> {
  const given = new Map<string, Given>();
  if (!file) return given;
  const lines = readYaml(file, faults);
  if (lines === null || lines === undefined) return given;
  if (typeof lines !== 'object' || Array.isArray(lines)) {
    faults.push({ name: file.path, message: 'The file holds one setting a line, such as "port: 4000".' });
    return given;
  }
  for (const [name, value] of Object.entries(lines)) {
    const key = BY_FILE_KEY.get(name);
    const where = `${name} in ${file.path}`;
    const text = asText(value, ALL_SETTINGS.get(key ?? '')?.itemFlag !== undefined);
    if (key === undefined) {
      faults.push({ name: where, message: `There is no such setting.${didYouMean(name, BY_FILE_KEY.keys())}` });
    } else if (text === null && value !== null) {
      faults.push({ name: where, message: 'Write one value, or a list of them.' });
    } else if (text !== null) given.set(key, { source: where, text });
  }
  return given;
}
