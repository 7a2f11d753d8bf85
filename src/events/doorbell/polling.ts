import { SECOND } from '../../lib/time.js';
import type { Doorbell } from './doorbell.js';
import { Listeners } from './listeners.js';

/**
 * The doorbell of several servers without Redis: rings of this process at once, and everybody looks every `interval`
 * milliseconds (default 1,000) for what other processes have committed.
 */
export function pollingDoorbell(interval = SECOND): Doorbell {
  const listeners = new Listeners();
  const timer = setInterval(() => listeners.tellAll(), interval);
  timer.unref();
  let closed = false;
  return {
    ring: (channel) => {
      if (!closed) listeners.tell(channel);
    },
    listen: (channel, look) => {
      const { remove } = listeners.add(channel, look);
      return () => void remove();
    },
    state: () => 'UP',
    close() {
      closed = true;
      clearInterval(timer);
      listeners.clear();
    },
  };
}
