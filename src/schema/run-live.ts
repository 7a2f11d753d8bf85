import { seesClient } from '../auth/scope.js';
import type { LoggedEvent } from '../events/topics.js';
import { NotFoundError } from '../lib/errors.js';
import type { OutputPiece } from '../live/output-stream.js';
import { builder } from './builder.js';
import type { SchemaContext } from './context.js';
import { JobResultEnum } from './job-enums.js';
import { JobRun } from './run.js';
import { type Assignment, assignments } from './run-assignments.js';
import { RunStateEnum } from './run-enums.js';
import { RunOutput } from './run-output.js';
import { toDate, toDateOrNull } from './scalars.js';
import { TransactionStatusEnum } from './transaction.js';
import { runLoader } from './transaction-loader.js';

type RunChange = LoggedEvent<'runChanged'>;

const AFTER = 'The cursor of the last fact seen: what followed it comes first. Left out: from now on.';

const RunChanged = builder.objectRef<RunChange>('RunChanged').implement({
  description: 'A run changed.',
  fields: (t) => ({
    cursor: t.string({
      description: 'The place of the fact in the log: an `after` of this subscription.',
      resolve: (event, _args, context) => context.services.live.cursorOf(event),
    }),
    at: t.field({ type: 'DateTime', description: 'When it changed.', resolve: (event) => toDate(event.at) }),
    run: t.field({
      type: JobRun,
      nullable: true,
      description: 'The run as it is now.',
      resolve: (event, _args, context) => runLoader(context).load(event.subject),
    }),
    state: t.field({
      type: RunStateEnum,
      description: 'Who had it then.',
      resolve: ({ payload }) => payload.state,
    }),
    status: t.field({
      type: TransactionStatusEnum,
      description: 'Where it stood then.',
      resolve: ({ payload }) => payload.status,
    }),
    result: t.field({
      type: JobResultEnum,
      nullable: true,
      description: 'How it had ended then.',
      resolve: ({ payload }) => payload.result,
    }),
    reason: t.string({ nullable: true, description: 'Why it changed.', resolve: ({ payload }) => payload.reason }),
    progress: t.int({ description: 'How far it was then, 0 to 100.', resolve: ({ payload }) => payload.progress }),
    deleted: t.boolean({
      description: 'Whether it was deleted then: lists drop it.',
      resolve: ({ payload }) => payload.deleted === true,
    }),
    nextAttemptAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the next attempt might begin, where the run then waited for one.',
      resolve: ({ payload }) => toDateOrNull(payload.nextAttemptAt ?? null),
    }),
  }),
});

const RunChangedFilter = builder.inputType('RunChangedFilter', {
  description: 'Which runs to follow; every field given narrows.',
  fields: (t) => ({
    runIds: t.idList({ description: 'These runs.' }),
    jobIds: t.idList({ description: 'Of the jobs with these global ids.' }),
    jobKeys: t.stringList({ description: 'Of the jobs with these keys.' }),
    clientIds: t.stringList({ description: 'For these clients.' }),
    states: t.field({ type: [RunStateEnum], description: 'Changes into these states.' }),
    statuses: t.field({ type: [TransactionStatusEnum], description: 'Changes into these statuses.' }),
    results: t.field({ type: [JobResultEnum], description: 'Ends in one of these ways.' }),
  }),
});

type Filter = typeof RunChangedFilter.$inferInput | null | undefined;

const fits = <T>(wanted: readonly T[] | null | undefined, value: T | null): boolean =>
  wanted == null || (value !== null && wanted.includes(value));

/** Whether a caller sees a change, and wants it. */
function accepts(context: SchemaContext, filter: Filter): (event: RunChange) => boolean {
  return (event) => {
    const { jobId, jobKey, clientKey, state, status, result } = event.payload;
    return (
      seesClient(context, event.project, clientKey) &&
      fits(filter?.runIds, event.subject) &&
      fits(filter?.jobIds, jobId) &&
      fits(filter?.jobKeys, jobKey) &&
      fits(filter?.clientIds, clientKey) &&
      fits(filter?.states, state) &&
      fits(filter?.statuses, status) &&
      fits(filter?.results, result)
    );
  };
}

builder.subscriptionField('runChanged', (t) =>
  t.field({
    type: RunChanged,
    description: 'Each change of the runs that the caller may see.',
    authScopes: { may: 'runChanged' },
    args: {
      filter: t.arg({ type: RunChangedFilter, description: 'Which ones.' }),
      after: t.arg.string({ description: AFTER }),
    },
    subscribe: (_root, { filter, after }, context) =>
      context.services.live.events({
        topics: ['runChanged'],
        accept: accepts(context, filter),
        after: after ?? null,
        signal: context.signal,
      }),
    resolve: (event) => event,
  }),
);

const RunOutputAppended = builder.objectRef<OutputPiece>('RunOutputAppended').implement({
  description: 'A piece of output was added to a run.',
  fields: (t) => ({
    cursor: t.string({
      description: 'The place of the piece: an `after` of this subscription and of `JobRun.output`.',
      resolve: (piece, _args, context) => context.services.live.outputCursorOf(piece),
    }),
    output: t.field({ type: RunOutput, description: 'The piece.', resolve: (piece) => piece }),
  }),
});

builder.subscriptionField('runOutputAppended', (t) =>
  t.field({
    type: RunOutputAppended,
    description: "A run's output, piece by piece: what is there already, then what comes, until the run has ended.",
    authScopes: { may: 'runOutputAppended' },
    args: {
      runId: t.arg.id({ required: true, description: 'The run: its global id or its number.' }),
      after: t.arg.string({ description: 'The cursor of the last piece seen. Left out: from the start.' }),
    },
    subscribe: async (_root, { runId, after }, context) => {
      const { runs, live } = context.services;
      const found = await runs.find(context, runId);
      if (!found) throw new NotFoundError('run', runId, ['runId']);
      const { id } = found.run;
      const isEnded = async (): Promise<boolean> => (await runs.find(context, id))?.run.state === 'ENDED';
      return live.output({ runId: id, after: after ?? null, isEnded, signal: context.signal });
    },
    resolve: (piece) => piece,
  }),
);

const RunAssigned = builder.objectRef<Assignment>('RunAssigned').implement({
  description: 'There is something for an agent to do.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'The place of the fact: an `after` of this subscription.' }),
    run: t.field({
      type: JobRun,
      nullable: true,
      description: 'The run as it is now.',
      resolve: ({ runId }, _args, context) => runLoader(context).load(runId),
    }),
    abort: t.exposeBoolean('abort', {
      description: 'True: end the run, which this client holds. False: claim it, it waits.',
    }),
  }),
});

builder.subscriptionField('runAssigned', (t) =>
  t.field({
    type: RunAssigned,
    description:
      "An agent's work: first everything that waits for its client and every order to abort, then what comes (what is open may be told once more: a claim again answers the same). While it is followed, the client counts as ONLINE.",
    authScopes: { may: 'runAssigned' },
    args: {
      clientId: t.arg.id({ required: true, description: 'The client: its global id or its key.' }),
      project: t.arg.string({ description: 'The project of the key, where the caller sees several.' }),
      after: t.arg.string({ description: 'The cursor of the last fact seen. Left out: what is open now, then on.' }),
    },
    subscribe: async (_root, { clientId, project, after }, context) => {
      const client = await context.services.clients.find(context, { id: clientId, project });
      if (!client) throw new NotFoundError('client', clientId, ['clientId']);
      return assignments(context, client, after ?? null);
    },
    resolve: (assignment) => assignment,
  }),
);
