import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { CliFailure, EXIT } from '../failure.js';
import { requireText } from './action-flags.js';

type Document = Record<string, unknown>;

/** The text of a file, or of standard input for `-`. Throws CliFailure. */
function readInput(file: string): string {
  requireText('The path of a file', file);
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliFailure(`${file} cannot be read: ${reason}`, EXIT.USAGE);
  }
}

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // JSON is YAML too, and YAML's parser says in which line and column a text is broken.
    const document = parseDocument(text, { prettyErrors: true });
    const [broken] = document.errors;
    if (broken) throw new CliFailure(`${name} is neither JSON nor YAML: ${broken.message.trimEnd()}`, EXIT.USAGE);
    return document.toJS();
  }
}

/** An object from JSON or YAML; `what` it is to be, for people. Throws CliFailure that says where the text is broken. */
export function parseObject(text: string, name: string, what: string): Document {
  const value = parsed(text, name);
  if (!isObject(value)) throw new CliFailure(`${name} does not hold ${what}: that is an object.`, EXIT.USAGE);
  return value;
}

const nameOf = (file: string): string => (file === '-' ? 'The input' : file);

/** The object that a file (or standard input, for `-`) holds as JSON or YAML. Throws CliFailure. */
export function readObject(file: string, what: string): Document {
  return parseObject(readInput(file), nameOf(file), what);
}

/** Whatever a file (or standard input, for `-`) holds as JSON or YAML. Throws CliFailure. */
export function readValue(file: string): unknown {
  return parsed(readInput(file), nameOf(file));
}

/** Whether a document, with or without its outer `job`, says which client it is for. */
export function namesClient(document: Record<string, unknown>): boolean {
  const inner = isObject(document.job) ? document.job : document;
  return inner.client_id !== undefined;
}
