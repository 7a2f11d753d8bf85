import type { RunOutputRow, RunState, RunTrigger } from '../entities/run.js';
import type { InstructionKind } from '../jobs/run-advance.js';
import type { AttemptOutcome } from '../jobs/run-report.js';
import { describedEnum } from './job-enums.js';

export const RunStateEnum = describedEnum<RunState>('RunState', 'Who has a run.', {
  WAITING: 'It waits for its client to take it.',
  BUFFERED: 'It waits for the run before it to end.',
  RUNNING: 'An agent holds it under a lease.',
  ENDED: 'It has ended, or was given up.',
});

export const RunTriggerEnum = describedEnum<RunTrigger>('RunTrigger', 'What made a run.', {
  SCHEDULE: 'Its due time came.',
  CATCHUP: 'A due time that had passed while no server was there.',
  MANUAL: 'Somebody asked for it.',
  START: 'The start of a job without a schedule.',
});

export const OutputStreamEnum = describedEnum<RunOutputRow['stream']>('OutputStream', 'Where output came from.', {
  STDOUT: 'The standard output.',
  STDERR: 'The standard error.',
  SYSTEM: 'The agent itself.',
});

export const InstructionKindEnum = describedEnum<InstructionKind>('InstructionKind', 'What an agent does next.', {
  START: 'Wait for `delay`, then begin the attempt: report that it started, and execute the action.',
  CONTINUE: 'Go on with the attempt that is under way.',
  ABORT: 'End the attempt that is under way with all its processes, and report it as ABORTED.',
  ENDED: 'Nothing: the run has ended.',
});

export const AttemptOutcomeEnum = describedEnum<AttemptOutcome>('AttemptOutcome', 'How an attempt ended.', {
  SUCCEEDED: 'It did what it was to do.',
  FAILED: 'It did not.',
  TIMED_OUT: 'It took longer than its action allows, and was ended.',
  ABORTED: 'It was ended, as the server ordered.',
  LOST: 'The agent does not know: it was restarted while the attempt was under way.',
});
