import { EntitySchema } from 'typeorm';
import { big, id, instant, json, text } from './columns.js';

/** One durable fact of the event log (the outbox). */
export interface EventRow {
  id: string;
  /** The position in the log, given after commit by the sequencer; null until then. */
  seq: number | null;
  topic: string;
  /** The project it belongs to; null for what belongs to the operator. */
  project: string | null;
  /** The id of what it is about. */
  subject: string;
  payload: Record<string, unknown>;
  /** Epoch milliseconds by the store's clock. */
  at: number;
}

export const EventEntity = new EntitySchema<EventRow>({
  name: 'Event',
  tableName: 'events',
  columns: {
    id: id({ primary: true }),
    seq: big({ nullable: true }),
    topic: text(64),
    project: text(64, { nullable: true }),
    subject: id(),
    payload: json(),
    at: instant(),
  },
  indices: [{ name: 'ux_events_seq', columns: ['seq'], unique: true }],
});

/** The last position given in a stream; the row is the sequencer's lock. */
export interface StreamHeadRow {
  name: string;
  /** Made with the row: positions of another epoch (a database made anew) mean nothing here. */
  epoch: string;
  lastSeq: number;
  /** The database connection that wrote the row last: whoever waits for it too long ends one that is frozen. */
  connectionId: number | null;
}

export const StreamHeadEntity = new EntitySchema<StreamHeadRow>({
  name: 'StreamHead',
  tableName: 'stream_heads',
  columns: { name: text(64, { primary: true }), epoch: id(), lastSeq: big(), connectionId: big({ nullable: true }) },
});
