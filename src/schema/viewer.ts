import type { Actor, Role } from '../auth/actor.js';
import { builder } from './builder.js';
import { describedEnum } from './job-enums.js';
import { toDateOrNull } from './scalars.js';

export const RoleEnum = describedEnum<Role>('Role', 'What a caller may do.', {
  ADMIN: 'Everything, everywhere.',
  OPERATOR: 'Everything but to speak as an agent, or to make or revoke tokens of admins and operators.',
  MEMBER: 'Make, change and run what belongs to its project.',
  READER: 'Read, in one project or in all.',
  AGENT: 'Work for its one client.',
});

const Viewer = builder.objectRef<Actor>('Viewer').implement({
  description: 'Who calls, and with which rights.',
  fields: (t) => ({
    actorId: t.exposeString('id', {
      description: "Who, in the activity's `actorId`: the id of the token, or `jwt:` and the subject of the JWT.",
    }),
    name: t.exposeString('name', { description: 'The name of the token or the person.' }),
    role: t.field({ type: RoleEnum, description: 'What the caller may do.', resolve: (actor) => actor.role }),
    project: t.exposeString('project', { nullable: true, description: 'The one project it sees; null = all.' }),
    clientKey: t.exposeString('clientKey', {
      nullable: true,
      description: 'The key of the one client that an agent speaks for; null for everyone else.',
    }),
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
