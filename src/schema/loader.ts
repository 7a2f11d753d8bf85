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
    const loadEach = async (keys: readonly K[]): Promise<V[]> => {
      const wanted = [...new Set(keys)];
      const found = await load(wanted, caller);
      return keys.map((key) => found[wanted.indexOf(key)] as V);
    };
    return new DataLoader<K, V>(loadEach, { cache: false });
  });
}
