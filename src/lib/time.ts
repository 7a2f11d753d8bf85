/** A source of the current instant. Injected, so that tests own the time. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** The host's clock. Instants that decide who owns or fires anything come from the store's clock instead. */
export const systemClock: Clock = { now: () => Date.now() };

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
