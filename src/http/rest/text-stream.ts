import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** How the sending of a stream ended: `GONE` = the client left, `STALLED` = it took nothing for too long. */
export type StreamEnd = 'SENT' | 'GONE' | 'STALLED';

export interface StreamOptions {
  /** A client that takes nothing for so many milliseconds is cut off. */
  readonly idle: number;
  /** Called when the first piece is there (or none comes), to write the head of the answer. */
  readonly begin: () => void;
  /** Called when everything was sent, before the end. */
  readonly finish?: () => void;
}

/** Breaks an answer off so that nobody takes it for whole, whatever stands between. */
export function breakOff(res: ServerResponse): void {
  const { socket } = res;
  if (socket && !socket.destroyed) socket.resetAndDestroy();
  res.destroy();
}

/**
 * Sends pieces of text as fast as the client takes them: another is asked for when the one before has left. The answer is
 * ended only when all of it was sent; otherwise it is broken off. Throws what the source throws.
 */
export async function sendPieces(
  res: ServerResponse,
  pieces: AsyncIterable<string>,
  { idle, begin, finish }: StreamOptions,
): Promise<StreamEnd> {
  const over = new AbortController();
  let end: StreamEnd = 'SENT';
  const leave = (why: StreamEnd): void => {
    if (!over.signal.aborted) end = why;
    over.abort();
  };
  const onClose = (): void => leave('GONE');
  if (res.destroyed) leave('GONE');
  res.once('close', onClose);
  // A peer that goes in the middle of a write is no fault of ours.
  res.on('error', onClose);
  res.setTimeout(idle, () => {
    leave('STALLED');
    breakOff(res);
  });
  try {
    for await (const piece of pieces) {
      if (over.signal.aborted) break;
      if (!res.headersSent) begin();
      if (!res.write(piece)) await once(res, 'drain', { signal: over.signal }).catch(() => {});
    }
  } catch (error) {
    if (res.headersSent) breakOff(res);
    throw error;
  } finally {
    res.off('close', onClose);
  }
  if (over.signal.aborted) return end;
  if (!res.headersSent) begin();
  finish?.();
  res.end();
  return end;
}
