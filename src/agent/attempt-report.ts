import type { AttemptOutcome, RunReportInput } from '@orrery/sdk';
import { isJsonObject, type JsonObject, type JsonValue } from '../lib/json.js';

/** Bytes of JSON that the server takes as a summary. */
const LARGEST_SUMMARY = 1024 * 1024;

/** Characters of a message that are sent. */
const LONGEST_MESSAGE = 4_000;

/** How an attempt ended, as it is reported. */
export interface AttemptEnd {
  readonly outcome: AttemptOutcome;
  readonly exitCode: number | null;
  readonly message: string;
  readonly summary?: JsonValue;
}

/** One try of one action, as the server names it. */
export interface AttemptName {
  readonly taskId: string;
  /** From 1. */
  readonly attempt: number;
}

type Report = Omit<RunReportInput, 'runId' | 'sessionId' | 'fence'>;

/** A report as it lies in the spool. `at`: epoch milliseconds by the agent's steady clock. */
export function startedBody(name: AttemptName, sequence: number, at: number): JsonObject {
  return { ...name, sequence, at, started: true };
}

/** A report as it lies in the spool. */
export function endedBody(name: AttemptName, sequence: number, at: number, end: AttemptEnd): JsonObject {
  const { outcome, exitCode, message, summary } = end;
  const fits = summary !== undefined && Buffer.byteLength(JSON.stringify(summary)) <= LARGEST_SUMMARY;
  const ended = { outcome, exitCode, message: message.slice(0, LONGEST_MESSAGE), ...(fits ? { summary } : {}) };
  return { ...name, sequence, at, ended };
}

const OUTCOMES: readonly AttemptOutcome[] = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'LOST'];

function endOf(ended: JsonObject): NonNullable<Report['ended']> | null {
  const outcome = OUTCOMES.find((one) => one === ended.outcome);
  if (!outcome) return null;
  const exitCode = typeof ended.exitCode === 'number' ? ended.exitCode : null;
  const message = typeof ended.message === 'string' ? ended.message : null;
  return { outcome, exitCode, message, ...(ended.summary === undefined ? {} : { summary: ended.summary }) };
}

/** The report as the API takes it, its age measured now; null when the body is none (a spool of another version). */
export function reportInput(body: JsonObject, now: number): Report | null {
  const { taskId, attempt, sequence, at, started, ended } = body;
  if (typeof taskId !== 'string' || typeof attempt !== 'number' || typeof sequence !== 'number') return null;
  const report = { taskId, attempt, sequence, age: typeof at === 'number' ? Math.max(0, now - at) : 0 };
  if (started === true) return { ...report, started };
  const end = isJsonObject(ended) ? endOf(ended) : null;
  return end && { ...report, ended: end };
}
