import type {
  CATCHUP_POLICIES,
  CatchupPolicy,
  JobEvent,
  JobResult,
  JobStatus,
  OVERLAP_POLICIES,
  OverlapPolicy,
  ScheduleKind,
} from '../entities/job.js';
import type { CommandOutcome } from '../jobs/command-table.js';
import type { ActionKind } from '../jobs/definition-rules.js';
import { REASONS, type ReasonCode } from '../jobs/reasons.js';
import { builder } from './builder.js';

/** An enum from a table of values and their descriptions, which the compiler holds complete. */
export function describedEnum<T extends string>(name: string, description: string, values: Record<T, string>) {
  const entries = Object.entries<string>(values).map(([value, text]) => [value, { description: text }] as const);
  return builder.enumType(name, { description, values: Object.fromEntries(entries) as Record<T, object> });
}

export const JobStatusEnum = describedEnum<JobStatus>('JobStatus', 'Where a job stands.', {
  STOPPED: 'Its schedule makes no runs.',
  SCHEDULED: 'Its schedule makes runs.',
  RUNNING: 'A run of it is under way.',
  ABORTING: 'Its open runs are being ended.',
  COMPLETED: 'Its schedule is used up.',
  REMOVED: 'It is hidden from lists; its history is kept.',
});

export const JobEventEnum = describedEnum<JobEvent>('JobEvent', 'A command that is still pending.', {
  STOP: 'The job is STOPPED when its run has ended.',
  START: 'The job is SCHEDULED when its run has been aborted.',
  ABORT: 'Its run is being aborted.',
  REMOVE: 'The job is REMOVED when its run has been aborted.',
});

export const JobResultEnum = describedEnum<JobResult>('JobResult', 'How a run ended.', {
  SUCCESS: 'Every action succeeded.',
  FAIL: 'An action failed, after its retries.',
  ABORTED: 'It was ended by a command.',
  MISSED: 'It did not begin in time.',
  SKIPPED: 'It was given up before it began.',
  LOST: 'The agent that had it was not heard of any more.',
});

export const ScheduleKindEnum = describedEnum<ScheduleKind>('ScheduleKind', 'What kind of schedule a job has.', {
  NONE: 'Once, when it is started.',
  DATE: 'Once, at an instant.',
  INTERVAL: 'Again and again after a length of time.',
  CRON: 'Whenever the wall clock matches.',
});

export const OverlapPolicyEnum = describedEnum<OverlapPolicy>(
  'OverlapPolicy',
  'What happens when a job is due while a run of it is open.',
  {
    SKIP: 'The new one is skipped.',
    BUFFER_ONE: 'One waits until the open one has ended.',
    CANCEL_OTHER: 'The open one is aborted for the new one.',
    ALLOW_ALL: 'Both run.',
  } satisfies Record<(typeof OVERLAP_POLICIES)[number], string>,
);

export const CatchupPolicyEnum = describedEnum<CatchupPolicy>(
  'CatchupPolicy',
  'What happens to due times that passed while no server could fire them.',
  {
    LATEST: 'One run for all of them.',
    ALL: 'A run for each that is not older than the catch-up window.',
    NONE: 'No run; they are missed.',
  } satisfies Record<(typeof CATCHUP_POLICIES)[number], string>,
);

export const ActionKindEnum = builder.enumType('ActionKind', {
  description: 'What an action of a job can be: the `action` of its parameters, in capitals.',
  values: {
    BACKUP: { value: 'backup', description: 'Makes a backup.' },
    RESTORE: { value: 'restore', description: 'Brings a backup back.' },
    INFO: { value: 'info', description: 'Tells what backups there are.' },
    ADMIN: { value: 'admin', description: 'Looks after backups: removes old ones.' },
    EXEC: { value: 'exec', description: 'Runs a command.' },
  } as const satisfies Record<Uppercase<ActionKind>, { value: ActionKind; description: string }>,
});

export const CommandOutcomeEnum = describedEnum<CommandOutcome>('CommandOutcome', 'What a command came to.', {
  ACCEPTED: 'It was done, or will be.',
  ALREADY_REQUESTED: 'The same was asked for before and is pending.',
  NOTHING_TO_DO: 'The job is as the command would have it.',
});

export const ReasonCodeEnum = describedEnum<ReasonCode>(
  'ReasonCode',
  'Why something did not happen, or not yet.',
  REASONS,
);
