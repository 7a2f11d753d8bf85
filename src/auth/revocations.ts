import { type Grant, scopeOf } from './grant.js';

/** Called with the id of an actor whose rights have ended: whoever holds a connection open for it closes it. */
export type RevocationListener = (actorId: string) => void;

/**
 * Which rights have ended, in this process. The other processes are told by the event log (an `activityRecorded` fact
 * with the action `apiTokenRevoke`), and call `end` here.
 */
export class Revocations {
  readonly #listeners = new Set<RevocationListener>();
  #version = 1;

  /** Rises with each end of rights. */
  get version(): number {
    return this.#version;
  }

  /** The key under which callers share subscriptions: their scope and the version of all rights. */
  rightsKey(grant: Grant): string {
    return `${scopeOf(grant)}@${this.#version}`;
  }

  /** Ends the rights of an actor: nothing begun before is shared with what begins after, and listeners are called. */
  end(actorId: string): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener(actorId);
  }

  /** Calls `listener` at each end of rights, until the function returned is called. */
  onEnd(listener: RevocationListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
