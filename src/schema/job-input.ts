import { builder } from './builder.js';
import { JobActionInput } from './job-action.js';
import { CatchupPolicyEnum, OverlapPolicyEnum } from './job-enums.js';
import { ScheduleInputType, toScheduleInput } from './schedule-input.js';

const TEXTS = {
  id: 'The job: its global id or its key.',
  project: 'The project of the key, where the caller sees several; for a new job: the one it is to belong to.',
  reason: 'Why; kept with who and when.',
  description: 'What it is for; up to 255 characters.',
  actions: 'What it does, in order. A run of a job without actions succeeds at once.',
  actionDefaults: 'What is merged into every action: an action has its own value unless that is missing or null.',
  schedule: 'When it is due.',
  overlap: 'What happens when it is due while a run of it is open. Default: SKIP.',
  catchup: 'What happens to due times that no server could fire. Default: LATEST.',
  catchupWindow: 'Seconds that a run may begin late. Default: 3600.',
  staleAfter: 'Seconds after the last success at which it counts as stale; null = never.',
  expectedRevision: 'The revision the change was made from; when the job has another, nothing is written.',
} as const;

/** The input of a command that needs the job and a reason alone. */
export function jobCommandInput(name: string, description: string) {
  return builder.inputType(name, {
    description,
    fields: (t) => ({
      id: t.id({ required: true, description: TEXTS.id }),
      project: t.string({ description: TEXTS.project }),
      reason: t.string({ description: TEXTS.reason }),
    }),
  });
}

export const JobCreateInput = builder.inputType('JobCreateInput', {
  description: 'A new job.',
  fields: (t) => ({
    key: t.string({ description: 'What the outside world calls it: letters, digits, "_", "-"; made when left out.' }),
    project: t.string({ description: TEXTS.project }),
    clientId: t.string({ required: true, description: 'The client that runs it; it need not be registered yet.' }),
    description: t.string({ description: TEXTS.description }),
    actions: t.field({ type: [JobActionInput], description: TEXTS.actions }),
    actionDefaults: t.field({ type: 'JSONObject', description: TEXTS.actionDefaults }),
    schedule: t.field({
      type: ScheduleInputType,
      description: `${TEXTS.schedule} Left out: once, when it is started.`,
    }),
    overlap: t.field({ type: OverlapPolicyEnum, description: TEXTS.overlap }),
    catchup: t.field({ type: CatchupPolicyEnum, description: TEXTS.catchup }),
    catchupWindow: t.int({ description: TEXTS.catchupWindow }),
    staleAfter: t.int({ description: TEXTS.staleAfter }),
    start: t.boolean({ description: 'False: it begins STOPPED. Default: true.' }),
    reason: t.string({ description: TEXTS.reason }),
  }),
});

export const JobImportInput = builder.inputType('JobImportInput', {
  description: 'A Freezer job document.',
  fields: (t) => ({
    document: t.field({
      type: 'JSONObject',
      required: true,
      description: 'The document, with or without the outer `job` key.',
    }),
    clientId: t.string({ description: 'The client that runs it, where the document names none.' }),
    project: t.string({ description: TEXTS.project }),
    start: t.boolean({ description: 'False: it begins STOPPED, whatever the document says.' }),
    reason: t.string({ description: TEXTS.reason }),
  }),
});

export const JobUpdateInput = builder.inputType('JobUpdateInput', {
  description: 'What is to change of a job; what is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: TEXTS.id }),
    project: t.string({ description: TEXTS.project }),
    expectedRevision: t.int({ description: TEXTS.expectedRevision }),
    clientId: t.string({ description: 'The client that runs it from the next run on.' }),
    description: t.string({ description: TEXTS.description }),
    actions: t.field({ type: [JobActionInput], description: TEXTS.actions }),
    actionDefaults: t.field({ type: 'JSONObject', description: TEXTS.actionDefaults }),
    schedule: t.field({ type: ScheduleInputType, description: TEXTS.schedule }),
    overlap: t.field({ type: OverlapPolicyEnum, description: TEXTS.overlap }),
    catchup: t.field({ type: CatchupPolicyEnum, description: TEXTS.catchup }),
    catchupWindow: t.int({ description: TEXTS.catchupWindow }),
    staleAfter: t.int({ description: TEXTS.staleAfter }),
    reason: t.string({ description: TEXTS.reason }),
  }),
});

export const JobRevertInput = builder.inputType('JobRevertInput', {
  description: 'Which earlier state of a job is to be its next one.',
  fields: (t) => ({
    id: t.id({ required: true, description: TEXTS.id }),
    project: t.string({ description: TEXTS.project }),
    revision: t.int({ required: true, description: 'The revision whose definition comes back.' }),
    expectedRevision: t.int({ description: TEXTS.expectedRevision }),
    reason: t.string({ description: TEXTS.reason }),
  }),
});

export const JobRunNowInput = builder.inputType('JobRunNowInput', {
  description: 'A job to run once, now.',
  fields: (t) => ({
    id: t.id({ required: true, description: TEXTS.id }),
    project: t.string({ description: TEXTS.project }),
    overrides: t.field({
      type: 'JSONObject',
      description:
        "Keys that replace those of every action's parameters, for this run only; all but `action`: what the job does stays.",
    }),
    reason: t.string({ description: TEXTS.reason }),
  }),
});

type Given = typeof JobCreateInput.$inferInput | typeof JobUpdateInput.$inferInput;

/** The schedule of an input in the domain's words, where one is given. */
export function withSchedule<T extends Pick<Given, 'schedule'>>({ schedule, ...rest }: T) {
  return { ...rest, ...(schedule ? { schedule: toScheduleInput(schedule) } : {}) };
}
