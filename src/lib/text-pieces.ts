/** Characters: V8 moves what has 128 KiB or more to the old part of the heap at once, and some have two bytes each. */
const LONGEST = 60_000;

/** Lines put together to few texts, none of them longer than is good for the collector but where one line is. */
export function textPieces(lines: readonly string[]): string[] {
  const pieces: string[] = [];
  let [from, length] = [0, 0];
  lines.forEach((line, at) => {
    if (length > 0 && length + line.length > LONGEST) {
      pieces.push(lines.slice(from, at).join(''));
      [from, length] = [at, 0];
    }
    length += line.length;
  });
  if (from < lines.length) pieces.push(lines.slice(from).join(''));
  return pieces;
}
