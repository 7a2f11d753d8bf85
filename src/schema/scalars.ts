import { DateTimeISOResolver, JSONObjectResolver, JSONResolver } from 'graphql-scalars';
import { builder } from './builder.js';

builder.addScalarType('DateTime', DateTimeISOResolver, {
  description: 'An instant in UTC with milliseconds, ISO 8601: "2026-11-21T08:00:00.000Z".',
});
builder.addScalarType('JSON', JSONResolver, { description: 'Any JSON value.' });
builder.addScalarType('JSONObject', JSONObjectResolver, { description: 'A JSON object.' });

/** Epoch milliseconds as the API's DateTime. */
export const toDate = (at: number): Date => new Date(at);

/** Epoch milliseconds, where there are any, as the API's DateTime. */
export const toDateOrNull = (at: number | null): Date | null => (at === null ? null : new Date(at));
