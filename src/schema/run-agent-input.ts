import type { AttemptReport } from '../jobs/run-report.js';
import type { JsonValue } from '../lib/json.js';
import { builder } from './builder.js';
import { AttemptOutcomeEnum, OutputStreamEnum } from './run-enums.js';

const TEXTS = {
  runId: 'The run.',
  sessionId: 'The session under which the agent registered its client.',
  fence: 'The number of the claim, as `runClaim` answered it.',
  taskId: 'The global id of the attempt.',
  attempt: 'The number of the attempt.',
} as const;

export const RunClaimInput = builder.inputType('RunClaimInput', {
  description: 'The run to take.',
  fields: (t) => ({
    runId: t.id({ required: true, description: TEXTS.runId }),
    sessionId: t.string({ required: true, description: TEXTS.sessionId }),
  }),
});

export const RunRenewInput = builder.inputType('RunRenewInput', {
  description: 'The lease to renew.',
  fields: (t) => ({
    runId: t.id({ required: true, description: TEXTS.runId }),
    sessionId: t.string({ required: true, description: TEXTS.sessionId }),
    fence: t.int({ required: true, description: TEXTS.fence }),
  }),
});

export const RunReleaseInput = builder.inputType('RunReleaseInput', {
  description: 'The run to give back.',
  fields: (t) => ({
    runId: t.id({ required: true, description: TEXTS.runId }),
    sessionId: t.string({ required: true, description: TEXTS.sessionId }),
    fence: t.int({ required: true, description: TEXTS.fence }),
    reason: t.string({ description: 'Why.' }),
  }),
});

const AttemptProgressInput = builder.inputType('AttemptProgressInput', {
  description: 'How far an attempt is.',
  fields: (t) => ({
    percent: t.float({ required: true, description: 'Of the run, 0 to 100.' }),
    message: t.string({ description: 'A line for people.' }),
  }),
});

const AttemptEndInput = builder.inputType('AttemptEndInput', {
  description: 'How an attempt ended.',
  fields: (t) => ({
    outcome: t.field({ type: AttemptOutcomeEnum, required: true, description: 'How.' }),
    exitCode: t.int({ description: 'The exit status of what decided it; left out when there was none.' }),
    message: t.string({ description: 'A line for people.' }),
    summary: t.field({ type: 'JSON', description: 'Facts for programs, of any shape, up to 1 MiB.' }),
  }),
});

export const RunReportInput = builder.inputType('RunReportInput', {
  description: 'What an agent says of an attempt: exactly one of `started`, `progress` and `ended`.',
  fields: (t) => ({
    runId: t.id({ required: true, description: TEXTS.runId }),
    sessionId: t.string({ required: true, description: TEXTS.sessionId }),
    fence: t.int({ required: true, description: TEXTS.fence }),
    taskId: t.id({ required: true, description: TEXTS.taskId }),
    attempt: t.int({ required: true, description: TEXTS.attempt }),
    sequence: t.int({
      required: true,
      description: 'Counts the reports of the attempt, 1, 2, 3 ...: the same number again is the same report.',
    }),
    age: t.float({
      description:
        "Milliseconds since it happened, by the agent's own measure: how long the report waited to be sent. Default: 0.",
    }),
    started: t.boolean({ description: 'True: the attempt begins.' }),
    progress: t.field({ type: AttemptProgressInput, description: 'How far it is.' }),
    ended: t.field({ type: AttemptEndInput, description: 'How it ended.' }),
  }),
});

const RunOutputPieceInput = builder.inputType('RunOutputPieceInput', {
  description: "A piece of an attempt's output: some lines, or a part of a long one.",
  fields: (t) => ({
    taskId: t.id({ required: true, description: TEXTS.taskId }),
    attempt: t.int({ required: true, description: TEXTS.attempt }),
    sequence: t.int({
      required: true,
      description: 'Counts the pieces of the attempt over all streams, 1, 2, 3 ... without a gap; apart from reports.',
    }),
    stream: t.field({ type: OutputStreamEnum, required: true, description: 'Where it came from.' }),
    text: t.string({ required: true, description: 'What it says, line ends included; at most 32 KiB of UTF-8.' }),
  }),
});

export const RunOutputAppendInput = builder.inputType('RunOutputAppendInput', {
  description: 'A batch of output.',
  fields: (t) => ({
    runId: t.id({ required: true, description: TEXTS.runId }),
    sessionId: t.string({ required: true, description: TEXTS.sessionId }),
    fence: t.int({ required: true, description: TEXTS.fence }),
    pieces: t.field({ type: [RunOutputPieceInput], required: true, description: 'The pieces, at most 500.' }),
  }),
});

type GivenReport = typeof RunReportInput.$inferInput;

/** A report of the API in the domain's words. */
export function toReport(given: GivenReport): AttemptReport {
  const { taskId, attempt, sequence, age, started, progress, ended } = given;
  const report: AttemptReport = { taskId, attempt, sequence, age: Math.round(age ?? 0) };
  if (started === true) report.started = true;
  if (progress) report.progress = { percent: progress.percent, message: progress.message ?? null };
  if (ended) {
    const { outcome, exitCode = null, message = null, summary } = ended;
    report.ended = { outcome, exitCode, message };
    // The scalar JSON lets nothing else in.
    if (summary != null) report.ended.summary = summary as JsonValue;
  }
  return report;
}
