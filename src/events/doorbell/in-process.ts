import type { Doorbell } from './doorbell.js';
import { Listeners } from './listeners.js';

/** The doorbell of a server that is alone: the embedded default. */
export function inProcessDoorbell(listeners = new Listeners()): Doorbell {
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
      listeners.clear();
    },
  };
}
