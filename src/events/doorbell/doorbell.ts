import type { Bell } from '../outbox.js';

/** `UP`: rings arrive at once, from every process. `AWAY`: the tables are polled until the store is back. */
export type DoorbellState = 'UP' | 'AWAY';

/**
 * Tells listeners "look at the tables". A ring says nothing but that, may be told late, twice or for nothing, and may
 * be lost while a store is away: whoever listens also looks when it starts, and is told to look after an outage.
 */
export interface Doorbell extends Bell {
  /** Calls `look` after rings of the channel, at most once for rings that come together. Returns how to stop. */
  listen(channel: string, look: () => void): () => void;
  state(): DoorbellState;
  /** Stops everything; rings after it are ignored. */
  close(): void;
}
