import type { DEPLOYMENT_ENDS, DeploymentEnd, Ended } from '../history/intake/end.js';
import type { Started } from '../history/intake/start.js';
import type { JsonObject } from '../lib/json.js';
import { builder } from './builder.js';
import { Deployment } from './deployment.js';
import { describedEnum } from './job-enums.js';
import { INPUT, mutationOptions } from './mutation.js';

const GraphTaskInput = builder.inputType('GraphTaskInput', {
  description: 'One task of the graph of a deployment.',
  fields: (t) => ({
    id: t.id({ description: 'What it is called in the graph; left out: its name.' }),
    name: t.string({ required: true, description: 'Its name.' }),
    nodes: t.idList({ description: 'The nodes it is executed on; none: a point of synchronisation.' }),
  }),
});

const DeploymentGraphInput = builder.inputType('DeploymentGraphInput', {
  description: 'The graph of a deployment: each task on each of its nodes becomes a PENDING row.',
  fields: (t) => ({
    tasks: t.field({ type: [GraphTaskInput], required: true, description: 'Its tasks, in their order.' }),
  }),
});

const TransactionStartInput = builder.inputType('TransactionStartInput', {
  description: 'A deployment that begins.',
  fields: (t) => ({
    cluster: t.id({
      required: true,
      description: 'The cluster: its global id or its external id. An external id that nobody has makes a cluster.',
    }),
    clusterName: t.string({ description: 'The name of a cluster that is made by this; left out: its external id.' }),
    releaseVersion: t.string({
      description: 'The release of a cluster that is made by this. Of releases before 9.0 no history is kept.',
    }),
    externalId: t.id({
      required: true,
      description: 'What the reporter calls the deployment: the same once more in the cluster changes nothing.',
    }),
    name: t.string({ description: 'Its name for people; left out: the external id.' }),
    graph: t.field({ type: DeploymentGraphInput, description: 'What is going to be executed, where it is known.' }),
    settings: t.field({
      type: 'JSONObject',
      description: 'What it was given, nested at most 30 deep; kept apart from lists.',
    }),
    dryRun: t.boolean({ description: 'Whether it changes nothing, and only tells what it would do.' }),
  }),
});

const StartOutcomeEnum = describedEnum<Started['outcome']>('TransactionStartOutcome', 'What a start did.', {
  STARTED: 'The deployment was made.',
  ALREADY_STARTED: 'It was there already; nothing changed.',
});

const TransactionStartPayload = builder.objectRef<Started>('TransactionStartPayload').implement({
  description: 'The deployment.',
  fields: (t) => ({
    outcome: t.field({ type: StartOutcomeEnum, description: 'What the start did.', resolve: ({ outcome }) => outcome }),
    transaction: t.field({
      type: Deployment,
      description: 'The deployment as it is now.',
      resolve: ({ transaction }) => ({ transaction }),
    }),
  }),
});

builder.mutationField('transactionStart', (t) =>
  t.field({
    ...mutationOptions('transactionStart', 'Announces a deployment and its graph.'),
    type: TransactionStartPayload,
    args: { input: t.arg({ type: TransactionStartInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => {
      const settings = input.settings as JsonObject | null | undefined;
      return context.services.reports.start(context, { ...input, settings });
    },
  }),
);

const DeploymentEndEnum = describedEnum<DeploymentEnd['status']>('DeploymentEnd', 'How a deployment ended.', {
  READY: 'It succeeded.',
  ERROR: 'It failed.',
  STOPPED: 'It was ended by a command: what ran is STOPPED, not LOST.',
} satisfies Record<(typeof DEPLOYMENT_ENDS)[number], string>);

const TransactionEndInput = builder.inputType('TransactionEndInput', {
  description: 'How a deployment ended.',
  fields: (t) => ({
    transactionId: t.id({ description: 'The deployment: its global id or its number. Give this or `externalId`.' }),
    externalId: t.id({ description: 'The deployment, by what its reporter calls it.' }),
    cluster: t.id({
      description: 'The cluster of the external id; needed where several clusters have that deployment.',
    }),
    status: t.field({ type: DeploymentEndEnum, required: true, description: 'How it ended.' }),
    reason: t.string({ description: 'Why it ended so.' }),
    time: t.field({ type: 'ReportedTime', description: "When, by the reporter's clock; left out: now." }),
    attempt: t.int({
      description:
        'Which attempt of the deployment ended; left out: that of `time`, or the newest where that is left out.',
    }),
  }),
});

const EndOutcomeEnum = describedEnum<Ended['outcome']>('TransactionEndOutcome', 'What an end did.', {
  ENDED: 'The deployment has ended by it.',
  ALREADY_ENDED: 'It had ended before, or the attempt that is meant had; nothing changed.',
});

const TransactionEndPayload = builder.objectRef<Ended>('TransactionEndPayload').implement({
  description: 'The deployment.',
  fields: (t) => ({
    outcome: t.field({ type: EndOutcomeEnum, description: 'What the end did.', resolve: ({ outcome }) => outcome }),
    transaction: t.field({
      type: Deployment,
      description: 'The deployment as it is now.',
      resolve: ({ transaction }) => ({ transaction }),
    }),
  }),
});

builder.mutationField('transactionEnd', (t) =>
  t.field({
    ...mutationOptions(
      'transactionEnd',
      'Ends a deployment: what waits is SKIPPED, what runs is LOST (STOPPED where the deployment was stopped).',
      { takesNul: true },
    ),
    type: TransactionEndPayload,
    args: { input: t.arg({ type: TransactionEndInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.reports.end(context, input),
  }),
);
