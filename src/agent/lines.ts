import { StringDecoder } from 'node:string_decoder';

/** Characters after which a line without end is cut, so that memory stays bounded. */
const LONGEST_PIECE = 64 * 1024;

/** Cuts a child's bytes into lines. */
export interface LineSplitter {
  /** The complete lines, with their ends, and the pieces of overlong lines that these bytes finish. */
  push(bytes: Uint8Array): string[];
  /** What is left at the end of the stream. */
  end(): string[];
}

/** A place near `limit` that does not split a surrogate pair. */
function cutPoint(text: string, limit: number): number {
  const last = text.charCodeAt(limit - 1);
  return last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit;
}

/**
 * Splits at `\n`. Characters that span two chunks stay whole, bytes that are not UTF-8 become U+FFFD, a line longer
 * than `longest` characters (at least 2) comes in several pieces of which only the last ends with `\n`.
 */
export function lineSplitter(longest: number = LONGEST_PIECE): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let rest = '';

  const cut = (line: string, into: string[]): string => {
    let left = line;
    while (left.length > longest) {
      const at = cutPoint(left, longest);
      into.push(left.slice(0, at));
      left = left.slice(at);
    }
    return left;
  };

  const take = (text: string): string[] => {
    const pieces: string[] = [];
    let from = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
      pieces.push(cut(rest + text.slice(from, at + 1), pieces));
      rest = '';
      from = at + 1;
    }
    rest = cut(rest + text.slice(from), pieces);
    return pieces;
  };

  return {
    push: (bytes) => take(decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))),
    end() {
      const pieces = take(decoder.end());
      if (rest !== '') pieces.push(rest);
      rest = '';
      return pieces;
    },
  };
}
