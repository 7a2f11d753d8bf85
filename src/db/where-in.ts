import type { ObjectLiteral } from 'typeorm';
import { InvalidInputError } from '../lib/errors.js';
import type { RowQuery } from './row-query.js';

/** The most values that one list of a filter may name: databases bound the parameters of a statement. */
const LONGEST_LIST = 500;

/** Throws InvalidInputError when a list names more than LONGEST_LIST values; `path` is where it stands in the input. */
export function checkListLength(values: readonly unknown[] | null | undefined, path: readonly string[]): void {
  if (values == null || values.length <= LONGEST_LIST) return;
  const message = `A list names at most ${LONGEST_LIST} values, not ${values.length}: ask in parts.`;
  throw new InvalidInputError([{ path, message }]);
}

/**
 * Narrows a query to rows whose column is one of the values of the filter's field `name`; null or undefined does not
 * narrow, and no value fits no row. Throws InvalidInputError when there are too many.
 */
export function whereIn<T extends ObjectLiteral>(
  query: RowQuery<T>,
  column: string,
  values: readonly string[] | null | undefined,
  name: string,
): void {
  if (values == null) return;
  checkListLength(values, ['filter', name]);
  if (values.length === 0) query.andWhere('1 = 0');
  else query.andWhere(`${column} IN (:...${name})`, { [name]: values });
}
