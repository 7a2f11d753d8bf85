import type { Page, PageRequest } from '../db/page.js';
import { builder } from './builder.js';

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'How many objects the filter fits in all, counted only when asked for and only up to 10,000.',
    resolve: (connection) => connection.total(),
  }),
);

/** What Pothos wants of a connection, from a page of the domain. */
export interface ConnectionShape<T> {
  edges: { node: T; cursor: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  total: () => Promise<number>;
}

/** A page as a Relay connection. */
export function toConnection<T>(page: Page<T>): ConnectionShape<T> {
  return {
    edges: page.edges,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: page.edges[0]?.cursor ?? null,
      endCursor: page.edges.at(-1)?.cursor ?? null,
    },
    total: page.total,
  };
}

/** The cost of a page: its size times the cost of one of its objects. */
export function pageComplexity(args: PageRequest): { field: number; multiplier: number } {
  return { field: 1, multiplier: args.first ?? args.last ?? 50 };
}
