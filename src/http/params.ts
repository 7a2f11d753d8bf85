import { isUtf8 } from 'node:buffer';
import type { GraphQLError } from 'graphql';
import { requestError } from './failure.js';
import type { CheckedParams } from './pipeline.js';

const NAMES: ReadonlySet<string> = new Set(['query', 'variables', 'operationName', 'extensions']);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const bad = (message: string): GraphQLError => requestError('BAD_REQUEST', message);

/** The parameters in a parsed body; or what is wrong with their form. */
export function checkParams(body: unknown): CheckedParams | GraphQLError {
  if (Array.isArray(body)) return bad('Send one operation at a time: batches are not taken.');
  if (!isObject(body)) return bad('Send a JSON object with "query".');
  const { query, variables, operationName, extensions } = body;
  const strange = Object.keys(body).find((name) => !NAMES.has(name));
  if (strange !== undefined) return bad(`There is no parameter "${strange.slice(0, 100)}".`);
  if (query === undefined || query === null) return bad('Must provide query string.');
  if (typeof query !== 'string') return bad('"query" is a string.');
  if (variables != null && !isObject(variables)) return bad('"variables" is an object.');
  if (extensions != null && !isObject(extensions)) return bad('"extensions" is an object.');
  if (operationName != null && typeof operationName !== 'string') return bad('"operationName" is a string.');
  return { query, variables: variables ?? {}, operationName: operationName ?? null };
}

/** The parameters in the bytes of a JSON body; or what is wrong with them. */
export function parseParams(bytes: Buffer): CheckedParams | GraphQLError {
  if (!isUtf8(bytes)) return bad('The body is not UTF-8.');
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString('utf8'));
  } catch {
    return bad('The body is not JSON.');
  }
  return checkParams(body);
}
