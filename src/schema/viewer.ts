import { type Actor, ROLES } from '../auth/actor.js';
import { builder } from './builder.js';
import { toDateOrNull } from './scalars.js';

export const RoleEnum = builder.enumType('Role', {
  description: 'What a caller may do.',
  values: Object.fromEntries(ROLES.map((role) => [role, {}])) as Record<(typeof ROLES)[number], object>,
});

const Viewer = builder.objectRef<Actor>('Viewer').implement({
  description: 'Who calls, and with which rights.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the token or the person.' }),
    role: t.field({ type: RoleEnum, description: 'What the caller may do.', resolve: (actor) => actor.role }),
    project: t.exposeString('project', { nullable: true, description: 'The one project it sees; null = all.' }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its rights end; null = never.',
      resolve: (actor) => toDateOrNull(actor.expiresAt),
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    description: 'Who calls, and with which rights.',
    authScopes: { may: 'viewer' },
    resolve: (_root, _args, context) => context.actor,
  }),
);
