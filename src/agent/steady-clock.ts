import type { Clock } from '../lib/time.js';

/**
 * The host's clock as it was when this process began, and since then measured: setting the host's clock does not move
 * it. For durations; what is shown to people comes from the host's clock itself.
 */
export const steadyClock: Clock = { now: () => Math.round(performance.timeOrigin + performance.now()) };
