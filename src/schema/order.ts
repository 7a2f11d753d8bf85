import { builder } from './builder.js';

export const OrderDirectionEnum = builder.enumType('OrderDirection', {
  description: 'Which way a list is ordered.',
  values: {
    ASC: { description: 'Least or oldest first.' },
    DESC: { description: 'Greatest or newest first.' },
  } as const,
});
