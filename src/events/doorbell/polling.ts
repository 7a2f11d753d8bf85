import { SECOND } from '../../lib/time.js';
import type { Doorbell } from './doorbell.js';
import { inProcessDoorbell } from './in-process.js';
import { Listeners } from './listeners.js';

/**
 * The doorbell of several servers without Redis: rings of this process at once, and everybody looks every `interval`
 * milliseconds (default 1,000) for what other processes have committed.
 */
export function pollingDoorbell(interval = SECOND): Doorbell {
  const listeners = new Listeners();
  const timer = setInterval(() => listeners.tellAll(), interval);
  timer.unref();
  const own = inProcessDoorbell(listeners);
  return {
    ...own,
    close() {
      clearInterval(timer);
      own.close();
    },
  };
}
