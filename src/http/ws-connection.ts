import type { WebSocket } from 'ws';
import type { Ctx } from '../auth/actor.js';
import type { Outlet } from '../live/outlet.js';
import { Budget } from '../live/queue.js';
import { Room } from './room.js';

/**
 * One WebSocket and what waits for it. While it takes nothing, results wait in bounded queues, and nothing more is
 * read from it either: a client that only sends cannot make us hold its answers.
 */
export class WsConnection {
  readonly socket: WebSocket;
  readonly budget: Budget;
  /** Who is connected; null until `connection_init` was accepted, and after the rights have ended. */
  ctx: Ctx | null = null;
  /** Whether the peer gave a sign of life since the last heartbeat. */
  alive = true;
  readonly #room: Room;
  #congested = false;
  /** One function for all sends: a closure for each would cost more than the send. */
  readonly #onSent = (): void => this.#sent();

  constructor(socket: WebSocket, queueBytes: number) {
    this.socket = socket;
    this.budget = new Budget(queueBytes);
    this.#room = new Room(() => socket.bufferedAmount);
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** What waits for the reader here and in its queues. */
  get waitingBytes(): number {
    return this.budget.used + this.socket.bufferedAmount;
  }

  /** Sends a text; does nothing when the socket is closing. */
  push(text: string): void {
    if (!this.isOpen) return;
    this.socket.send(text, this.#onSent);
    this.#checkRoom();
  }

  /** Sends a text and resolves when the system has taken it (or the socket is closing). */
  send(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (!this.isOpen) {
        resolve();
        return;
      }
      this.socket.send(text, () => {
        this.#sent();
        resolve();
      });
      this.#checkRoom();
    });
  }

  /** The way of one operation's shared results: the payload is serialised once, the frame around it for each. */
  outlet(operationId: string): Outlet {
    const before = `{"id":${JSON.stringify(operationId)},"type":"next","payload":`;
    return {
      budget: this.budget,
      hasRoom: () => this.#room.hasRoom(),
      onRoom: (drain) => this.#room.onRoom(drain),
      send: (payload) => this.push(`${before}${payload}}`),
    };
  }

  /** Begins to close it, whether it takes anything or not. */
  close(code: number, reason: string): void {
    this.socket.resume();
    this.socket.close(code, reason);
  }

  /** Lets go what waited. */
  dispose(): void {
    this.#room.clear();
  }

  #checkRoom(): void {
    if (this.#congested || this.#room.hasRoom()) return;
    this.#congested = true;
    this.socket.pause();
  }

  #sent(): void {
    if (!this.#room.hasRoom()) return;
    if (this.#congested) {
      // What was stuck has moved: the peer reads. (A send that never stuck says nothing: the system buffers.)
      this.alive = true;
      this.#congested = false;
      this.socket.resume();
    }
    this.#room.sent();
  }
}
