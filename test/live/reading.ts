/** Reads a number of items of a stream. */
export async function takeItems<E>(stream: AsyncIterator<E>, count: number): Promise<E[]> {
  const items: E[] = [];
  while (items.length < count) {
    const next = await stream.next();
    if (next.done) break;
    items.push(next.value);
  }
  return items;
}

/** Reads a stream to its end. */
export async function readAll<E>(stream: AsyncIterable<E>): Promise<E[]> {
  const items: E[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
