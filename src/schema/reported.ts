import { GraphQLScalarType, Kind } from 'graphql';
import { builder } from './builder.js';

/**
 * An instant as reporters write it. What is wrong with one refuses its own event by index, so nothing is refused here.
 */
const ReportedTimeScalar = new GraphQLScalarType<unknown, unknown>({
  name: 'ReportedTime',
  parseValue: (value) => value,
  parseLiteral: (node) => {
    if (node.kind === Kind.INT || node.kind === Kind.FLOAT) return Number(node.value);
    return node.kind === Kind.STRING ? node.value : Number.NaN;
  },
});

builder.addScalarType('ReportedTime', ReportedTimeScalar, {
  description:
    'An instant as reporters write it: "2026-11-21T08:00:00Z" (RFC 3339, with an offset), or epoch seconds. What is no instant, or more than an hour ahead of the server, refuses its event alone.',
});
