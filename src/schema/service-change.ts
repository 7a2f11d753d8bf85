import type { ServiceRow } from '../entities/service.js';
import type { Drained, DrainWarning } from '../scheduler/directory/drain.js';
import { builder } from './builder.js';
import { describedEnum } from './job-enums.js';
import { INPUT, mutationOptions } from './mutation.js';
import { Service } from './service.js';

const ID = 'The service: its global id, `host/name`, or its name where only one has it.';
const REASON = 'Why, for the activity.';

const ServiceDrainInput = builder.inputType('ServiceDrainInput', {
  description: 'Which service is to be emptied, or to take work again.',
  fields: (t) => ({
    id: t.id({ required: true, description: ID }),
    drain: t.boolean({ required: true, defaultValue: true, description: 'False: it takes work again.' }),
    reason: t.string({ description: REASON }),
  }),
});

const ServiceRemoveInput = builder.inputType('ServiceRemoveInput', {
  description: 'Which service is to be forgotten.',
  fields: (t) => ({
    id: t.id({ required: true, description: ID }),
    reason: t.string({ description: REASON }),
  }),
});

const DrainOutcomeEnum = describedEnum<Drained['outcome']>('ServiceDrainOutcome', 'What a drain did.', {
  DRAINING: 'It lets go of what it owns now, and takes nothing more.',
  RESUMED: 'It takes work again.',
  NOTHING_TO_DO: 'It was as it is wanted; nothing was written.',
});

const DrainWarningType = builder.objectRef<DrainWarning>('ServiceDrainWarning').implement({
  description: 'What nobody owns once the service is empty, because it was the last that fits.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What becomes UNASSIGNED, in words.' }),
    tags: t.field({
      type: ['JSONObject'],
      description: 'The tags that no other service fits, at most 20.',
      resolve: ({ tags }) => tags.map((tag) => ({ ...tag })),
    }),
    shardCount: t.exposeInt('shards', { description: 'How many shards carry such a tag.' }),
  }),
});

const ServiceDrainPayload = builder.objectRef<Drained>('ServiceDrainPayload').implement({
  description: 'The service that is emptied, or takes work again.',
  fields: (t) => ({
    service: t.field({ type: Service, description: 'The service as it is now.', resolve: ({ service }) => service }),
    outcome: t.field({ type: DrainOutcomeEnum, description: 'What was done.', resolve: ({ outcome }) => outcome }),
    warning: t.field({
      type: DrainWarningType,
      nullable: true,
      description: 'What nobody will own; null when others take everything.',
      resolve: ({ warning }) => warning,
    }),
  }),
});

const ServiceRemovePayload = builder.objectRef<ServiceRow>('ServiceRemovePayload').implement({
  description: 'The service that was forgotten.',
  fields: (t) => ({
    service: t.field({ type: Service, description: 'The service as it was.', resolve: (service) => service }),
  }),
});

builder.mutationField('serviceDrain', (t) =>
  t.field({
    ...mutationOptions(
      'serviceDrain',
      'Has a service let go of all it owns and take nothing more, or take work again. Its restart ends a drain too.',
    ),
    type: ServiceDrainPayload,
    args: { input: t.arg({ type: ServiceDrainInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.directory.drain(context, input),
  }),
);

builder.mutationField('serviceRemove', (t) =>
  t.field({
    ...mutationOptions(
      'serviceRemove',
      'Forgets a service that has stopped or failed; when its process is started again, it is a new one.',
    ),
    type: ServiceRemovePayload,
    args: { input: t.arg({ type: ServiceRemoveInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.directory.remove(context, input),
  }),
);
