import { QueryFailedError } from 'typeorm';
import { expect, it } from 'vitest';
import { isConnectionLost } from '../../src/db/failures.js';

const driverError = (code: string, more: object): Error => Object.assign(new Error('It failed.'), { code, ...more });

it.each([
  ['a code that says so', driverError('ECONNRESET', {}), true],
  ['whatever ended the connection', driverError('ERR_STREAM_DESTROYED', { fatal: true }), true],
  ['a failure of the statement alone', driverError('ER_PARSE_ERROR', {}), false],
])('a connection is lost by %s', (_name, error, lost) => {
  expect(isConnectionLost(error)).toBe(lost);
  expect(isConnectionLost(new QueryFailedError('SELECT 1', [], error))).toBe(lost);
});
