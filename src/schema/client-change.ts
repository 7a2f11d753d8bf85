import type { ClientRow } from '../entities/client.js';
import type { Registered } from '../jobs/client-register.js';
import { builder } from './builder.js';
import { Client } from './client.js';
import { INPUT, mutationOptions } from './mutation.js';
import { JobRun } from './run.js';

const ClientRegisterInput = builder.inputType('ClientRegisterInput', {
  description: 'How an agent presents itself.',
  fields: (t) => ({
    key: t.string({ required: true, description: 'The client id: letters, digits, "_", "." and "-".' }),
    project: t.string({ description: "The project, where the agent's token reaches several." }),
    hostname: t.string({ required: true, description: 'The name of the host.' }),
    version: t.string({ required: true, description: 'The version of the agent.' }),
    capabilities: t.field({ type: 'JSONObject', required: true, description: 'What it can execute.' }),
    sessionId: t.string({
      required: true,
      description:
        'Made by the agent: 8 to 64 letters, digits, "_", "-". With the same one it comes back to the runs it holds.',
    }),
  }),
});

const ClientRegisterPayload = builder.objectRef<Registered>('ClientRegisterPayload').implement({
  description: 'The client as it is registered now.',
  fields: (t) => ({
    client: t.field({ type: Client, description: 'The client.', resolve: ({ client }) => client }),
    held: t.field({
      type: [JobRun],
      description: 'The runs that this session holds: claim each again to learn what to do.',
      resolve: ({ held }, _args, context) => context.services.runs.view(held),
    }),
  }),
});

builder.mutationField('clientRegister', (t) =>
  t.field({
    ...mutationOptions(
      'clientRegister',
      'Registers an agent for a client. From now on its session gets the work; an agent that registered before gets no more.',
    ),
    type: ClientRegisterPayload,
    args: { input: t.arg({ type: ClientRegisterInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.clients.register(context, input),
  }),
);

function payload(name: string, description: string) {
  return builder.objectRef<ClientRow>(name).implement({
    description,
    fields: (t) => ({ client: t.field({ type: Client, description: 'The client.', resolve: (client) => client }) }),
  });
}

const TEXTS = {
  id: 'The client: its global id or its key.',
  project: 'The project of the key, where the caller sees several.',
} as const;

const ClientUpdateInput = builder.inputType('ClientUpdateInput', {
  description: 'What people say of a client.',
  fields: (t) => ({
    id: t.id({ required: true, description: TEXTS.id }),
    project: t.string({ description: TEXTS.project }),
    description: t.string({ required: true, description: 'What it is; up to 255 characters.' }),
  }),
});

const ClientRemoveInput = builder.inputType('ClientRemoveInput', {
  description: 'The client to forget.',
  fields: (t) => ({
    id: t.id({ required: true, description: TEXTS.id }),
    project: t.string({ description: TEXTS.project }),
  }),
});

const ClientUpdatePayload = payload('ClientUpdatePayload', 'The client as it is now.');
const ClientRemovePayload = payload('ClientRemovePayload', 'The client that was removed.');

builder.mutationField('clientUpdate', (t) =>
  t.field({
    ...mutationOptions('clientUpdate', 'Changes what people say of a client.'),
    type: ClientUpdatePayload,
    args: { input: t.arg({ type: ClientUpdateInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.clients.update(context, input, input.description),
  }),
);

builder.mutationField('clientRemove', (t) =>
  t.field({
    ...mutationOptions(
      'clientRemove',
      'Forgets a client until its agent registers anew. Its jobs stay, and what its agent is doing goes on.',
    ),
    type: ClientRemovePayload,
    args: { input: t.arg({ type: ClientRemoveInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.clients.remove(context, input),
  }),
);
