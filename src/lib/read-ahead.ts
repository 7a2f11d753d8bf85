/**
 * The same items, each asked for while the one before is used: one is ready or on its way, never more. Whoever stops in
 * the middle stops the source too.
 */
export async function* readAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]();
  let next = items.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = items.next();
      yield value;
    }
  } finally {
    // Nobody waits for the item on its way any more, nor for its failure.
    next.catch(() => {});
    await items.return?.();
  }
}
