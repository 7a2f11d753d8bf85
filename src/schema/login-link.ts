import { builder } from './builder.js';
import { INPUT, mutationOptions } from './mutation.js';

const LoginLinkCreateInput = builder.inputType('LoginLinkCreateInput', {
  description: 'What the link is for.',
  fields: (t) => ({
    reason: t.string({ description: 'Why, for the activity; up to 255 characters.' }),
  }),
});

const LoginLinkCreatePayload = builder.objectRef<{ url: string; expiresAt: Date }>('LoginLinkCreatePayload').implement({
  description: 'A link that logs a browser in with the rights of who made it.',
  fields: (t) => ({
    url: t.exposeString('url', { description: 'Open it in a browser; it is good once.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it ends unused.', resolve: (link) => link.expiresAt }),
  }),
});

builder.mutationField('loginLinkCreate', (t) =>
  t.field({
    ...mutationOptions('loginLinkCreate', 'Makes a one-time link that logs a browser in with the caller’s rights.'),
    type: LoginLinkCreatePayload,
    args: { input: t.arg({ type: LoginLinkCreateInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.loginLink(context, input.reason ?? null),
  }),
);
