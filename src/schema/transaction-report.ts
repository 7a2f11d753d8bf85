import type { ReportedEvent } from '../history/intake/event-rules.js';
import type { Refusal, RefusalCode } from '../history/intake/refusal.js';
import type { TakenIn } from '../history/intake/report.js';
import { builder } from './builder.js';
import { Deployment } from './deployment.js';
import { describedEnum } from './job-enums.js';
import { INPUT, mutationOptions, REPORT } from './mutation.js';

const TEXTS = {
  transactionId: 'The deployment: its global id or its number. Give this or `externalId`.',
  externalId: 'The deployment, by what its reporter calls it.',
  cluster:
    'The cluster of the external id (global or external id); needed where several clusters have that deployment.',
} as const;

const TaskEventInput = builder.inputType('TaskEventInput', {
  description: 'What happened to one attempt of one task on one node. A fault in it refuses this event alone.',
  fields: (t) => ({
    graphTaskId: t.id({ description: 'What the task is called in the graph.' }),
    taskName: t.string({ description: 'Its name: enough where the graph has one of that name on the node.' }),
    nodeId: t.id({ description: 'Where it is executed; left out for a point of synchronisation.' }),
    attempt: t.int({
      description: '1, 2, 3 ...; left out: the newest, or the newest that there was at the time of the event.',
    }),
    status: t.string({
      required: true,
      description: 'PENDING, RUNNING, READY, ERROR, SKIPPED or STOPPED, in upper or lower case.',
    }),
    time: t.field({ type: 'ReportedTime', description: "When it happened, by the reporter's clock; left out: now." }),
    timeStart: t.field({ type: 'ReportedTime', description: 'When the attempt began, where the reporter knows.' }),
    timeEnd: t.field({ type: 'ReportedTime', description: 'When the attempt ended, where the reporter knows.' }),
    exitCode: t.int({
      description:
        'The exit status of what it executed, of at most 32 bits: GraphQL refuses the request for a larger one.',
    }),
    reason: t.string({ description: 'Why it ended as it did.' }),
    custom: t.field({
      type: 'JSON',
      description: 'What the reporter adds: an object of at most 64 KiB, nested at most 30 deep.',
    }),
    summary: t.field({
      type: 'JSON',
      description:
        'A summary of any shape, of at most 1 MiB, nested at most 30 deep. The whole request has at most 4 MiB, unless the server is set up otherwise.',
    }),
  }),
});

const TransactionReportInput = builder.inputType('TransactionReportInput', {
  description: 'Events of one deployment, told together.',
  fields: (t) => ({
    transactionId: t.id({ description: TEXTS.transactionId }),
    externalId: t.id({ description: TEXTS.externalId }),
    cluster: t.id({ description: TEXTS.cluster }),
    reportId: t.id({
      required: true,
      description: 'Made by the reporter: the same report once more is acknowledged and changes nothing.',
    }),
    events: t.field({ type: [TaskEventInput], required: true, description: 'At most 1,000.' }),
    progress: t.int({
      description: 'How far the deployment is, 0 to 100. Of all reports of an attempt the furthest counts.',
    }),
    message: t.string({
      description: 'A line for people. Of all reports of an attempt the latest counts, by the times of its events.',
    }),
  }),
});

const RefusalCodeEnum = describedEnum<RefusalCode>('EventRefusalCode', 'Why an event was not taken in.', {
  INVALID_EVENT: 'A field is missing or not of its form.',
  UNKNOWN_STATUS: 'There is no such status to report.',
  TIME_IN_FUTURE: "An instant is more than an hour ahead: the reporter's clock is wrong.",
  TOO_LARGE: 'The summary or `custom` is larger than allowed.',
  TOO_DEEP: 'Objects and lists are nested more than 30 deep in the summary or `custom`.',
  AMBIGUOUS_TASK: 'Several tasks of the graph have the name on the node.',
});

const EventRefusal = builder.objectRef<Refusal>('EventRefusal').implement({
  description: 'An event of a report that was not taken in; the others were.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Its place in the report, from 0.' }),
    code: t.field({ type: RefusalCodeEnum, description: 'Why.', resolve: ({ code }) => code }),
    field: t.exposeString('field', { nullable: true, description: 'The field at fault; null: the whole event.' }),
    message: t.exposeString('message', { description: 'What is wrong, and what would be right.' }),
  }),
});

const ReportOutcomeEnum = describedEnum<TakenIn['outcome']>('TransactionReportOutcome', 'What became of a report.', {
  TAKEN_IN: 'Its events were taken in, but for those that were refused.',
  REPEATED: 'It had been taken in before; nothing changed.',
});

const TransactionReportPayload = builder.objectRef<TakenIn>('TransactionReportPayload').implement({
  description: 'What became of a report.',
  fields: (t) => ({
    outcome: t.field({ type: ReportOutcomeEnum, description: 'What became of it.', resolve: ({ outcome }) => outcome }),
    transaction: t.field({
      type: Deployment,
      description: 'The deployment as it is now.',
      resolve: ({ transaction }) => ({ transaction }),
    }),
    accepted: t.exposeInt('accepted', { description: 'How many of its events are taken in, now or before.' }),
    refused: t.field({
      type: [EventRefusal],
      description: 'The events that are not, with the reason of each.',
      resolve: ({ refused }) => [...refused],
    }),
  }),
});

builder.mutationField('transactionReport', (t) =>
  t.field({
    ...mutationOptions(
      'transactionReport',
      'Takes in what happened to tasks of a deployment. Repeated, late and early reports end in the same rows.',
      REPORT,
    ),
    type: TransactionReportPayload,
    args: { input: t.arg({ type: TransactionReportInput, required: true, description: INPUT }) },
    // The JSON of events is what it is: it is looked at where events are judged.
    resolve: (_root, { input }, context) =>
      context.services.reports.report(context, { ...input, events: input.events as readonly ReportedEvent[] }),
  }),
);
