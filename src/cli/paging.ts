import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandContext } from './command.js';

/** One page of a connection. */
export interface PageOf<T> {
  readonly nodes: readonly T[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** How much of a list is asked for. */
export interface PagingOptions {
  readonly limit: number;
  readonly all?: boolean;
}

/** The most that the API gives at once. */
export const PAGE = 500;
const DEFAULT_LIMIT = 50;

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

/**
 * Fetches pages until the limit is reached or the list ends. Says on standard error when more is there than shown.
 */
export async function collect<T>(
  { terminal }: Pick<CommandContext, 'terminal'>,
  { limit, all }: PagingOptions,
  fetchPage: (page: { first: number; after: string | null }) => Promise<PageOf<T>>,
): Promise<T[]> {
  const wanted = all ? Number.POSITIVE_INFINITY : limit;
  const found: T[] = [];
  let after: string | null = null;
  while (found.length < wanted) {
    const page: PageOf<T> = await fetchPage({ first: Math.min(PAGE, wanted - found.length), after });
    found.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return found;
    after = page.pageInfo.endCursor;
  }
  terminal.err(`Only the first ${found.length} are shown: see more with --limit or --all.\n`);
  return found;
}
