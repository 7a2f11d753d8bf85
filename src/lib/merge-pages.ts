/** A source under way: its page, and the next item in it. */
interface Head<T> {
  readonly pages: AsyncIterator<readonly T[]>;
  page: readonly T[];
  at: number;
  item: T;
}

/** The first item of the next page of a source that has any; null when it has no more. */
async function turn<T>(pages: AsyncIterator<readonly T[]>): Promise<Head<T> | null> {
  for (;;) {
    const { done, value } = await pages.next();
    if (done) return null;
    const [item] = value;
    if (item !== undefined) return { pages, page: value, at: 0, item };
  }
}

/** Puts a head where it belongs among heads in order. */
function insert<T>(heads: Head<T>[], head: Head<T>, compare: (a: T, b: T) => number): void {
  let [low, high] = [0, heads.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = heads[middle];
    if (other && compare(other.item, head.item) < 0) low = middle + 1;
    else high = middle;
  }
  heads.splice(low, 0, head);
}

async function* merged<T>(
  sources: readonly AsyncIterator<readonly T[]>[],
  compare: (a: T, b: T) => number,
): AsyncGenerator<readonly T[]> {
  const heads: Head<T>[] = [];
  for (const source of sources) {
    const head = await turn(source);
    if (head) insert(heads, head, compare);
  }
  let page: T[] = [];
  for (let head = heads.shift(); head; head = heads.shift()) {
    page.push(head.item);
    head.at += 1;
    const next = head.page[head.at];
    if (next !== undefined) {
      head.item = next;
      insert(heads, head, compare);
      continue;
    }
    yield page;
    page = [];
    const turned = await turn(head.pages);
    if (turned) insert(heads, turned, compare);
  }
}

/**
 * Merges sources that are each in order into one in that order; its pages end where a page of a source ends, so that no
 * more than one page of each is held. Stops every source when nobody reads on.
 */
export async function* mergePages<T>(
  sources: readonly AsyncGenerator<readonly T[]>[],
  compare: (a: T, b: T) => number,
): AsyncGenerator<readonly T[]> {
  const [first, second] = sources;
  try {
    if (first && !second) yield* first;
    else yield* merged(sources, compare);
  } finally {
    for (const source of sources) await source.return(undefined);
  }
}
