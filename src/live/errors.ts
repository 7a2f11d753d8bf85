import { ExpectedError } from '../lib/errors.js';

/** The cursor is not within what is kept: read the state again, then resume from `cursor` (the oldest that works). */
export class ResyncRequiredError extends ExpectedError {
  readonly cursor: string;

  constructor(cursor: string) {
    super('RESYNC_REQUIRED', 'What followed this cursor is no longer kept: read the state again.', ['after']);
    this.cursor = cursor;
  }
}

/** The reader did not keep up, and its events cannot be merged: resume from `cursor` (the last one it was given). */
export class SlowConsumerError extends ExpectedError {
  readonly cursor: string;

  constructor(cursor: string) {
    super('SLOW_CONSUMER', 'The reader did not keep up: resume from the last cursor.');
    this.cursor = cursor;
  }
}
