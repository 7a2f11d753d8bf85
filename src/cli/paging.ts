import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandContext } from './command.js';

/** One page of a connection. */
export interface PageOf<T> {
  readonly nodes: readonly T[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Fetches one page; `after` null: the first. */
type FetchPage<T> = (page: { first: number; after: string | null }) => Promise<PageOf<T>>;

/** How much of a list is asked for. */
export interface PagingOptions {
  readonly limit: number;
  readonly all?: boolean;
}

/** The most that the API gives at once. */
export const PAGE = 500;
const DEFAULT_LIMIT = 50;

/** The same, where what is left out may mean all: in a form for programs. */
export interface OpenPagingOptions {
  readonly limit?: number;
  readonly all?: boolean;
}

/** The number that digits say; NaN for anything else: an empty text is no zero. */
function digits(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

/** A whole number from zero, from the command line. */
export function whole(text: string): number {
  const number = digits(text);
  if (!Number.isSafeInteger(number)) throw new InvalidArgumentError('It is a whole number.');
  return number;
}

/** A whole number, also below zero, from the command line. */
export function integer(text: string): number {
  return text.startsWith('-') ? -whole(text.slice(1)) : whole(text);
}

/** A whole number above zero, from the command line. */
export function positive(text: string): number {
  const number = digits(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('It is a whole number above 0.');
  return number;
}

/** A whole number from 1 to `most`, from the command line. */
export function upTo(most: number): (text: string) => number {
  return (text) => {
    const number = positive(text);
    if (number > most) throw new InvalidArgumentError(`It is at most ${most}.`);
    return number;
  };
}

/** Adds the options of every list. */
export function withPaging(command: Command): Command {
  return command
    .addOption(
      new Option('-n, --limit <count>', 'show at most so many').argParser(positive).default(DEFAULT_LIMIT, '50'),
    )
    .addOption(new Option('--all', 'show all, however many').conflicts('limit'));
}

/** Adds the options of a list that is whole in json, csv and yaml unless a limit is said. */
export function withOpenPaging(command: Command): Command {
  return command
    .addOption(
      new Option(
        '-n, --limit <count>',
        `show at most so many (default: ${DEFAULT_LIMIT}; of one transaction in json, csv and yaml: all)`,
      ).argParser(positive),
    )
    .addOption(new Option('--all', 'show all, however many').conflicts('limit'));
}

/** How much such a list is asked for; `whole`: all of it where no limit is said. */
export function pagingOf({ limit, all = false }: OpenPagingOptions, whole: boolean): PagingOptions {
  return { limit: limit ?? DEFAULT_LIMIT, all: all || (whole && limit === undefined) };
}

/**
 * Fetches pages until the limit is reached or the list ends. Says on standard error when more is there than shown.
 */
export async function* pages<T>(
  { terminal }: Pick<CommandContext, 'terminal'>,
  { limit, all }: PagingOptions,
  fetchPage: FetchPage<T>,
): AsyncGenerator<readonly T[]> {
  const wanted = all ? Number.POSITIVE_INFINITY : limit;
  let found = 0;
  let after: string | null = null;
  while (found < wanted) {
    const page: PageOf<T> = await fetchPage({ first: Math.min(PAGE, wanted - found), after });
    found += page.nodes.length;
    yield page.nodes;
    if (!page.pageInfo.hasNextPage) return;
    after = page.pageInfo.endCursor;
  }
  terminal.err(`Only the first ${found} are shown: see more with --limit or --all.\n`);
}

/** All that `pages` gives. */
export async function collect<T>(
  context: Pick<CommandContext, 'terminal'>,
  paging: PagingOptions,
  fetchPage: FetchPage<T>,
): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages(context, paging, fetchPage)) found.push(...page);
  return found;
}
