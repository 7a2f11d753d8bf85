import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { SchemaContext } from './context.js';

/**
 * A loader for each request: what the fields of one moment ask for is read in one statement. It keeps nothing, so a
 * mutation's answer and each event of a subscription read what is true then.
 */
export function requestLoader<K, V>(
  load: (keys: readonly K[], context: SchemaContext) => Promise<readonly V[]>,
): (context: SchemaContext) => DataLoader<K, V> {
  return createContextCache((context: object) => {
    const caller = context as SchemaContext;
    return new DataLoader<K, V>((keys) => load(keys, caller), { cache: false });
  });
}
