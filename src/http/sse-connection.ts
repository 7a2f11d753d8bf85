import type { ServerResponse } from 'node:http';
import type { FormattedExecutionResult } from 'graphql';
import type { Outlet } from '../live/outlet.js';
import { Budget } from '../live/queue.js';
import type { Results } from '../live/subscription.js';
import { Room } from './room.js';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Proxies of the nginx kind would hold events back.
  'x-accel-buffering': 'no',
};

const next = (payload: string): string => `event: next\ndata: ${payload}\n\n`;
const COMPLETE = 'event: complete\ndata: \n\n';
const HEARTBEAT = ':\n\n';

/** One stream of server-sent events (graphql-sse, distinct connections: one operation a stream). */
export class SseConnection implements Outlet {
  readonly budget: Budget;
  readonly #res: ServerResponse;
  readonly #room: Room;
  #stuckBeats = 0;
  readonly #onSent = (): void => this.#sent();

  constructor(res: ServerResponse, queueBytes: number) {
    this.#res = res;
    this.budget = new Budget(queueBytes);
    this.#room = new Room(() => res.writableLength);
    // A peer that goes in the middle of a write is no fault of ours; `close` follows.
    res.on('error', () => {});
  }

  get #isOpen(): boolean {
    return !this.#res.writableEnded && !this.#res.destroyed;
  }

  /** Begins the answer. */
  open(): void {
    this.#res.writeHead(200, HEADERS);
    this.#res.flushHeaders();
  }

  hasRoom(): boolean {
    return this.#room.hasRoom();
  }

  onRoom(drain: () => void): void {
    this.#room.onRoom(drain);
  }

  send(payload: string): void {
    if (!this.#isOpen) return;
    this.#res.write(next(payload), this.#onSent);
  }

  /** Sends results, each when the one before has left, and says that it is complete. */
  async run(results: Results): Promise<void> {
    for await (const result of results) await this.#sendResult(result);
    this.finish();
  }

  /** Sends a last result. */
  fail(result: FormattedExecutionResult): void {
    this.send(JSON.stringify(result));
    this.finish();
  }

  finish(): void {
    if (this.#isOpen) this.#res.end(COMPLETE);
    this.#room.clear();
  }

  /** Breaks it off, so that the client connects again. */
  cutOff(): void {
    this.#room.clear();
    this.#res.destroy();
  }

  /** Keeps proxies from closing an idle stream; cuts a peer off that has read nothing for two beats. */
  beat(): void {
    if (this.#room.hasRoom()) {
      this.#stuckBeats = 0;
      if (this.#isOpen) this.#res.write(HEARTBEAT);
      return;
    }
    this.#stuckBeats += 1;
    if (this.#stuckBeats > 2) this.cutOff();
  }

  #sendResult(result: FormattedExecutionResult): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#isOpen) {
        resolve();
        return;
      }
      this.#res.write(next(JSON.stringify(result)), () => {
        this.#sent();
        resolve();
      });
    });
  }

  #sent(): void {
    this.#stuckBeats = 0;
    this.#room.sent();
  }
}
