/** Bytes that may wait in a connection before its results wait in their queues. */
const HIGH_WATER = 64 * 1024;

/** Whether a connection takes more, and who waits until it does. */
export class Room {
  readonly #buffered: () => number;
  #waiting: (() => void)[] = [];

  /** `buffered`: the bytes that wait in the connection now. */
  constructor(buffered: () => number) {
    this.#buffered = buffered;
  }

  hasRoom(): boolean {
    return this.#buffered() < HIGH_WATER;
  }

  /** Calls `next` once, when there is room again. */
  onRoom(next: () => void): void {
    this.#waiting.push(next);
  }

  /** To be called when something has been sent: whoever waits goes on, first come, first served, while there is room. */
  sent(): void {
    while (this.#waiting.length > 0 && this.hasRoom()) this.#waiting.shift()?.();
  }

  /** Forgets everyone who waits. */
  clear(): void {
    this.#waiting = [];
  }
}
