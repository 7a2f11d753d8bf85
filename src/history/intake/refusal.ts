/** Why one event of a report was not taken in. */
export type RefusalCode =
  | 'INVALID_EVENT'
  | 'UNKNOWN_STATUS'
  | 'TIME_IN_FUTURE'
  | 'TOO_LARGE'
  | 'TOO_DEEP'
  | 'AMBIGUOUS_TASK';

/** One event of a report that was not taken in; the others are kept. */
export interface Refusal {
  /** The place of the event in the report, from 0. */
  readonly index: number;
  readonly code: RefusalCode;
  /** The field at fault; null when it is the whole event. */
  readonly field: string | null;
  /** What is wrong, and what would be right. */
  readonly message: string;
}

/** Says why an event is refused. */
export type Refuse = (code: RefusalCode, field: string | null, message: string) => Refusal;

export const refuser =
  (index: number): Refuse =>
  (code, field, message) => ({ index, code, field, message });

export const isRefusal = (value: object): value is Refusal => 'code' in value && 'index' in value;
