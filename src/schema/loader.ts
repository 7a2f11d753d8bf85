import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { Page, PageRequest } from '../db/page.js';
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
      const places = new Map(wanted.map((key, index) => [key, index]));
      return keys.map((key) => found[places.get(key) ?? -1] as V);
    };
    return new DataLoader<K, V>(loadEach, { cache: false });
  });
}

/** Whether a page is asked for from one of its list's ends, and not from a cursor. */
const fromAnEnd = ({ after, before }: PageRequest): boolean => after == null && before == null;

/** A page as the resolver of one object's list asks for it. */
type ReadPage<O, A, T> = (context: SchemaContext, owner: O, args: A) => Promise<Page<T>>;

/**
 * Pages of lists that belong to objects: what several objects are asked for alike, without a cursor, is read together by
 * `readEach`, in the order of the objects; a page from a cursor, which belongs to one list, by `readOne`. `args` holds
 * nothing but JSON.
 */
export function pageLoader<O extends { id: string }, A extends PageRequest, T>(
  readEach: (context: SchemaContext, owners: readonly O[], args: A) => Promise<readonly Page<T>[]>,
  readOne: ReadPage<O, A, T>,
): ReadPage<O, A, T> {
  const loader = requestLoader<{ owner: O; args: A }, Page<T>>(async (keys, context) => {
    const groups = new Map<string, { args: A; owners: Map<string, O> }>();
    for (const { owner, args } of keys) {
      const name = JSON.stringify(args);
      const group = groups.get(name) ?? { args, owners: new Map() };
      groups.set(name, group);
      group.owners.set(owner.id, owner);
    }
    const pages = new Map<string, Page<T>>();
    for (const [name, { args, owners }] of groups) {
      const found = await readEach(context, [...owners.values()], args);
      for (const [index, id] of [...owners.keys()].entries()) {
        const page = found[index];
        if (page) pages.set(`${id} ${name}`, page);
      }
    }
    return keys.map(({ owner, args }) => {
      const page = pages.get(`${owner.id} ${JSON.stringify(args)}`);
      if (!page) throw new Error(`A page of ${owner.id} was not read.`);
      return page;
    });
  });
  return (context, owner, args) =>
    fromAnEnd(args) ? loader(context).load({ owner, args }) : readOne(context, owner, args);
}
