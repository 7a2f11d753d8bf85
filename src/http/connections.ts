/** Why a connection is not taken. */
export type Refusal = 'TOO_MANY' | 'TOO_MANY_FROM_ADDRESS';

/** Counts the connections that stay open (WebSocket and SSE together), so that no address can take all of them. */
export class ConnectionCap {
  readonly #most: number;
  readonly #mostOfAddress: number;
  readonly #byAddress = new Map<string, number>();
  #open = 0;

  /** `mostOfAddress`: default half of all. */
  constructor(most: number, mostOfAddress = Math.ceil(most / 2)) {
    this.#most = most;
    this.#mostOfAddress = mostOfAddress;
  }

  get open(): number {
    return this.#open;
  }

  /** Takes a place; returns how to give it back (calls after the first do nothing), or why there is none. */
  take(address: string | null): (() => void) | Refusal {
    const key = address ?? '';
    const ofAddress = this.#byAddress.get(key) ?? 0;
    if (this.#open >= this.#most) return 'TOO_MANY';
    if (ofAddress >= this.#mostOfAddress) return 'TOO_MANY_FROM_ADDRESS';
    this.#open += 1;
    this.#byAddress.set(key, ofAddress + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#giveBack(key);
    };
  }

  #giveBack(key: string): void {
    this.#open -= 1;
    const left = (this.#byAddress.get(key) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(key, left);
    else this.#byAddress.delete(key);
  }
}
