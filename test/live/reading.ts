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
