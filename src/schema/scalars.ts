import { GraphQLScalarType } from 'graphql';
import { DateTimeISOResolver, JSONObjectResolver, JSONResolver } from 'graphql-scalars';
import { isoText, shownInstant } from '../lib/iso-text.js';
import { builder } from './builder.js';

/** The one of graphql-scalars; a list has hundreds of instants, epoch milliseconds, so they are written by `isoText`. */
const DateTimeResolver = new GraphQLScalarType({
  ...DateTimeISOResolver.toConfig(),
  // Its texts need no quoting: http/text-leaf.ts writes them as they are.
  extensions: { plainText: true },
  serialize: (value) => {
    if (typeof value === 'number') return isoText(value);
    // MySQL's driver gives a BIGINT beyond 2^53 as text.
    if (typeof value === 'string' && /^-?\d+$/.test(value)) return isoText(Number(value));
    return value instanceof Date ? isoText(value.getTime()) : DateTimeISOResolver.serialize(value);
  },
});

builder.addScalarType('DateTime', DateTimeResolver, {
  description: 'An instant in UTC with milliseconds, ISO 8601: "2026-11-21T08:00:00.000Z".',
});
builder.addScalarType('JSON', JSONResolver, { description: 'Any JSON value.' });
builder.addScalarType('JSONObject', JSONObjectResolver, { description: 'A JSON object.' });

/** Epoch milliseconds as the API's DateTime. */
export const toDate = (at: number): Date => new Date(shownInstant(at));

/** Epoch milliseconds, where there are any, as the API's DateTime. */
export const toDateOrNull = (at: number | null): Date | null => (at === null ? null : toDate(at));
