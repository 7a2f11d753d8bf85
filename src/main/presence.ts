import { BEAT_EVERY, type Presence } from '../jobs/client-presence.js';
import type { Logger } from '../telemetry/logger.js';

/** Notes regularly which agents are connected to this process; returns how to stop. */
export function keepPresence(presence: Presence, log: Logger): () => void {
  const beat = (): void => {
    presence.beat().catch((error: unknown) => log.warn({ error }, 'Could not note which agents are connected.'));
  };
  const timer = setInterval(beat, BEAT_EVERY);
  timer.unref();
  return () => clearInterval(timer);
}
