/** One item, up to its comma: in double quotes (within them a doubled one means one), or as it stands. */
const ITEM = /\s*(?:"((?:[^"]|"")*)"\s*|([^",\s][^,]*|))(?:,|$)/y;

/**
 * The items of a list with commas between them, without the blanks around them. What begins with a double quote ends with
 * one, as in CSV, and may hold commas. Null where a quote is not closed, or something follows it.
 */
export function listItems(text: string): string[] | null {
  const items: string[] = [];
  const item = new RegExp(ITEM);
  for (;;) {
    const found = item.exec(text);
    if (!found) return null;
    const [whole, quoted, plain = ''] = found;
    items.push(quoted?.replaceAll('""', '"') ?? plain.trim());
    if (!whole.endsWith(',')) return items;
  }
}
