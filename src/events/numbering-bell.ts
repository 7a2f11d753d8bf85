import type { Doorbell } from './doorbell/doorbell.js';
import { type Bell, EVENTS_CHANNEL } from './outbox.js';
import type { Sequencer } from './sequencer.js';

/** The doorbell's channel of a transaction's task events. */
export const taskEventsChannel = (transactionId: string): string => `task-events:${transactionId}`;

/**
 * The channel of everybody's task events: rung where some were numbered and nobody knows whose, because the process that
 * committed them is gone.
 */
export const ANY_TASK_EVENTS = taskEventsChannel('');

/**
 * The bell for those who commit: first what has been committed gets its positions, then the doorbell rings. When that
 * fails (the database went away), the next look of any process's feed makes it good.
 */
export function numberingBell(
  doorbell: Doorbell,
  sequencers: { events: Sequencer; taskEvents: Sequencer },
  onFault: (error: unknown) => void,
): Bell {
  const numberThenRing = (sequencer: Sequencer, channel: string): void => {
    sequencer.run(true).then(() => doorbell.ring(channel), onFault);
  };
  return {
    ring(channel) {
      if (channel === EVENTS_CHANNEL) numberThenRing(sequencers.events, channel);
      else if (channel.startsWith(ANY_TASK_EVENTS)) numberThenRing(sequencers.taskEvents, channel);
      else doorbell.ring(channel);
    },
  };
}
