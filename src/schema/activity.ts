import type { GraphQLResolveInfo } from 'graphql';
import { type ActivityFilter, OWN_ACTIONS } from '../auth/activity.js';
import type { ActivityRow } from '../entities/activity.js';
import { InvalidInputError } from '../lib/errors.js';
import { nearest } from '../lib/nearest.js';
import { builder, OWN_ID } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { ERROR_CODES } from './errors.js';
import { OrderDirectionEnum } from './order.js';
import { RoleEnum } from './viewer.js';

const ActivityViaEnum = builder.enumType('ActivityVia', {
  description: 'Which way a command came in.',
  values: {
    HTTP: { description: 'GraphQL over HTTP.' },
    WEBSOCKET: { description: 'GraphQL over WebSocket.' },
    SSE: { description: 'GraphQL over server-sent events.' },
    REST: { description: 'A REST path.' },
    AMQP: { description: "A message of RabbitMQ's." },
    SYSTEM: { description: 'The server itself.' },
  } as const,
});

export const Activity = builder.objectRef<ActivityRow>('Activity');

builder.node(Activity, {
  description:
    'One command: who did what, when, from where, and how it ended. One row for each mutation, carried out or refused, but for those by which programs report.',
  id: OWN_ID,
  loadOne: (id, context) => context.services.activities.find(context, id),
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
    actor: t.exposeString('actorName', { description: 'Who: the name of the token or the person.' }),
    actorId: t.exposeString('actorId', {
      description: 'Who: the id of the token, or `jwt:` and the subject of the JWT.',
    }),
    role: t.expose('role', { type: RoleEnum, description: 'With which role.' }),
    project: t.exposeString('project', { nullable: true, description: 'In which project; null: the operator’s.' }),
    action: t.exposeString('action', {
      description: 'What: the name of the mutation; `historyRetention` is what the server does by itself.',
    }),
    subject: t.exposeString('subject', {
      nullable: true,
      description: 'The id of what it was done to; of a command that was refused, what it named.',
    }),
    outcome: t.exposeString('outcome', { description: '`OK`, or the code of the error it was refused with.' }),
    detail: t.expose('detail', {
      type: 'JSONObject',
      nullable: true,
      description: 'What is worth keeping of the input; never a secret.',
    }),
    via: t.field({
      type: ActivityViaEnum,
      description: 'Which way it came in.',
      resolve: (row) => row.via as 'HTTP',
    }),
    address: t.exposeString('address', { nullable: true, description: 'From which network address.' }),
    requestId: t.exposeString('requestId', { description: 'The id under which the server logged the request.' }),
  }),
});

const ActivityFilterInput = builder.inputType('ActivityFilter', {
  description: 'Which commands; every field given narrows the list.',
  fields: (t) => ({
    actorId: t.string({ description: 'By this actor.' }),
    action: t.string({ description: 'Of this mutation.' }),
    subject: t.string({ description: 'Done to the object with this id.' }),
    project: t.string({ description: 'In this project.' }),
    outcome: t.string({ description: 'That ended so: `OK`, or the code of the error it was refused with.' }),
    doneAfter: t.field({ type: 'DateTime', description: 'Given after this instant.' }),
    doneBefore: t.field({ type: 'DateTime', description: 'Given before this instant.' }),
  }),
});

const ActivityOrderInput = builder.inputType('ActivityOrder', {
  description: 'How a list of commands is ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('ActivityOrderField', {
        description: 'By what commands are ordered.',
        values: { AT: { description: 'When it was given.' } } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

/**
 * Refuses the name of a mutation that does not exist: its list would be empty, and say nothing. Throws
 * InvalidInputError.
 */
export function requireMutation({ schema }: GraphQLResolveInfo, name: string, path: readonly string[]): void {
  const names = [...Object.keys(schema.getMutationType()?.getFields() ?? {}), ...OWN_ACTIONS];
  if (names.includes(name)) return;
  const meant = nearest(name, names);
  const message = `${path.join('.')}: "${name}" is no mutation${meant === null ? '.' : `; is it "${meant}"?`}`;
  throw new InvalidInputError([{ path, message }]);
}

/** Refuses an outcome that no command has, for the same reason. Throws InvalidInputError. */
export function requireOutcome(outcome: string, path: readonly string[]): void {
  if (outcome === 'OK' || ERROR_CODES.includes(outcome)) return;
  const meant = nearest(outcome, ['OK', ...ERROR_CODES]);
  const message = `${path.join('.')}: no command ends with "${outcome}"${meant === null ? '.' : `; is it "${meant}"?`}`;
  throw new InvalidInputError([{ path, message }]);
}

type GivenFilter = typeof ActivityFilterInput.$inferInput;

/** A filter of the API in the domain's words: instants as epoch milliseconds. */
function toFilter({ doneAfter, doneBefore, ...rest }: GivenFilter): ActivityFilter {
  return { ...rest, doneAfter: doneAfter?.getTime(), doneBefore: doneBefore?.getTime() };
}

builder.queryField('activity', (t) =>
  t.connection(
    {
      type: Activity,
      description: 'Who did what, when and from where: one row for each mutation, carried out or refused.',
      authScopes: { may: 'activity' },
      args: {
        filter: t.arg({ type: ActivityFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: ActivityOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context, info) => {
        if (filter?.action != null) requireMutation(info, filter.action, ['filter', 'action']);
        if (filter?.outcome != null) requireOutcome(filter.outcome, ['filter', 'outcome']);
        const order = orderBy?.direction === 'ASC' ? 'OLDEST_FIRST' : 'NEWEST_FIRST';
        return toConnection(await context.services.activities.list(context, toFilter(filter ?? {}), order, page));
      },
    },
    { name: 'ActivityConnection', description: 'A page of commands.' },
    { name: 'ActivityEdge', description: 'A command in a page.' },
  ),
);
