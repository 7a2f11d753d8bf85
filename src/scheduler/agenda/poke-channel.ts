import { BaseNotificationChannel, toJobId } from 'agenda';
import { ENTRY_NAME } from './lock-store.js';

/** Agenda's notification channel within the process: says "look for entries now" without waiting for the next poll. */
export class PokeChannel extends BaseNotificationChannel {
  override connect(): Promise<void> {
    this.setState('connected');
    return Promise.resolve();
  }

  override disconnect(): Promise<void> {
    this.setState('disconnected');
    this.handlers.clear();
    return Promise.resolve();
  }

  /** Agenda's own publications go nowhere: every engine looks at the store. */
  override publish(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves when Agenda has looked. */
  poke(): Promise<void> {
    const about = { jobId: toJobId('any'), jobName: ENTRY_NAME, nextRunAt: null, priority: 0, timestamp: new Date() };
    return this.notifyHandlers(about);
  }
}
