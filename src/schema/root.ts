import { builder } from './builder.js';

builder.queryType({ description: 'Everything that can be read.' });
builder.mutationType({ description: 'Everything that can be changed: one mutation for each intent.' });
builder.subscriptionType({ description: 'Facts as they happen; each carries a cursor to resume from.' });
