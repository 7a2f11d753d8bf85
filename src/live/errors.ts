import { ExpectedError } from '../lib/errors.js';

/** The cursor is not within what is kept: read the state again, then resume from `cursor` (the oldest that works). */
export class ResyncRequiredError extends ExpectedError {
  override readonly details: Readonly<{ cursor: string }>;

  constructor(cursor: string) {
    super('RESYNC_REQUIRED', 'What followed this cursor is no longer kept: read the state again.', ['after']);
    this.details = { cursor };
  }
}

/** The reader did not keep up, and its events cannot be merged: resume from `cursor` (the last one it was given). */
export class SlowConsumerError extends ExpectedError {
  override readonly details: Readonly<{ cursor: string }>;

  constructor(cursor: string) {
    super('SLOW_CONSUMER', 'The reader did not keep up: resume from the last cursor.');
    this.details = { cursor };
  }
}

/** The subscriber's rights have ended while it listened. */
export class RightsEndedError extends ExpectedError {
  constructor() {
    super('UNAUTHENTICATED', 'The rights of this subscription have ended: connect again with a valid token.');
  }
}
